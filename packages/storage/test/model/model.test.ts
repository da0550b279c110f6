import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from '../engines.ts';
import { createWorld } from '../world.ts';
import { apply, createModel, mayDo, PERMISSIONS, PRINCIPALS, type Step, tell, WORKSPACES } from './model.ts';
import { steps } from './steps.ts';
import { createModelSubject } from './subject.ts';

/** Runs of each engine; `npm run model -- --runs 5000` asks for more. */
const RUNS = Number(process.env['POSTERN_MODEL_RUNS'] ?? 100);
const SEED = process.env['POSTERN_MODEL_SEED'];
const MS_PER_RUN = 5_000;

describe.each(engines)('on $name', (engine) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await engine.open();
    await createWorld(database);
  });
  afterAll(() => database.destroy());

  /** What is wrong after the first step at which something is; undefined when nothing ever was. */
  async function findDifference(sequence: readonly Step[]): Promise<string | undefined> {
    const model = createModel();
    const subject = await createModelSubject(database);
    for (const [index, step] of sequence.entries()) {
      const at = `after step ${index + 1}:`;
      const [expected, code] = [apply(model, step), await subject.apply(step)];
      if (code !== expected) return `${at} answered ${code ?? 'done'}, should be ${expected ?? 'done'}`;
      const look = await subject.look();
      for (const who of PRINCIPALS) {
        for (const workspace of WORKSPACES) {
          for (const permission of PERMISSIONS) {
            const should = mayDo(model, who, permission, workspace);
            const question = `${who} ${should ? 'may' : 'may not'} ${permission} in ${workspace}`;
            if (look.mayDo(who, permission, workspace) !== should) return `${at} ${question}, by the facts`;
            if (look.tokenMayDo(who, permission, workspace) !== should) return `${at} ${question}, by token`;
          }
        }
      }
    }
    return undefined;
  }

  test(
    `after each of random mutations everybody may do what the model says (${RUNS} runs)`,
    async () => {
      const options = { numRuns: RUNS, ...(SEED !== undefined && { seed: Number(SEED) }) };
      const property = fc.asyncProperty(steps, async (sequence) => (await findDifference(sequence)) === undefined);
      const { failed, counterexample, seed } = await fc.check(property, options);
      const [sequence = []] = counterexample ?? [];
      const scenario = failed ? [`seed ${seed}`, ...sequence.map(tell), await findDifference(sequence)].join('\n') : '';
      expect(scenario).toBe('');
    },
    30_000 + RUNS * MS_PER_RUN,
  );
});
