import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES, startPostern, type TestServer } from '../../server/test/postern.ts';
import { runPostern } from '../test/command.ts';

/** An operator's command, of a Postern that has just been installed, beside servers of the one before. */

const COMMANDS: readonly (readonly string[])[] = [
  ['organization', 'list'],
  ['organization', 'create', '--name', 'Beta'],
  ['key', 'status'],
  ['quarantine', 'list'],
  ['verifier', 'list'],
];

describe.each(ENGINES)('a database of an older Postern on %s', (engine) => {
  let server: TestServer;
  const form = async () => (await server.query('select max(number) as form from migration'))[0]?.['form'];
  const run = (args: readonly string[]) =>
    runPostern(args, { ...(server.process.env as Record<string, string>), POSTERN_PORT: '0' });

  beforeAll(async () => {
    server = await startPostern(engine);
    await server.process.stop();
    await server.query('delete from migration where number = (select max(number) from migration) returning number');
  });
  afterAll(() => server.stop());

  test.each(COMMANDS.map((args) => [args.join(' '), args] as const))(
    'is not touched by `postern %s`',
    async (_name, args) => {
      const before = await form();
      const { code, stdout, stderr } = await run(args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(
        /^The database was written by an older Postern \(its form is \d+, this Postern has \d+\): start the server to bring it up to date\.\n$/,
      );
      expect(await form()).toBe(before);
    },
  );

  test('is not touched by `postern doctor`, which says so', async () => {
    const before = await form();
    const { stdout } = await run(['doctor']);
    expect(stdout).toMatch(
      /^warn {2}database: The database was written by an older Postern .*\n +The start of a server/m,
    );
    expect(await form()).toBe(before);
  });
});

test('an empty database is not made ready by `postern doctor` or a list', async () => {
  const server = await startPostern('postgres');
  const before = server.process.env as Record<string, string>;
  await server.process.stop();
  await server.query('drop table migration');
  const variables = { ...before, POSTERN_PORT: '0' };
  expect((await runPostern(['doctor'], variables)).stdout).toContain('has had no first start yet');
  expect((await runPostern(['organization', 'list'], variables)).stderr).toBe(
    'This database has had no first start yet: run `postern serve` on it once.\n',
  );
  await server.stop();
});
