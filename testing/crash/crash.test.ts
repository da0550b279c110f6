import { randomInt } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { type Engine, runCrashTest } from './crash.ts';
import { printReport } from './report.ts';

const TIMEOUT_MS = 600_000;

test.for<Engine>(['sqlite', 'postgres'])(
  '%s: 25 kills of the process lose nothing that was acknowledged, and leave nothing half done',
  { timeout: TIMEOUT_MS },
  async (engine) => {
    const seed = randomInt(1, 2 ** 31);
    const report = await runCrashTest({ engine, rounds: 25, seed, lanes: 2, postgresUrl: inject('postgresUrl') });
    expect(
      report.findings,
      `npm run crash -- --engine ${engine} --seed ${seed}\n${printReport(engine, report)}`,
    ).toEqual([]);
    expect(report.rounds).toBe(25);
    expect(report.acknowledged).toBeGreaterThan(0);
    expect(report.verdicts).toBeGreaterThan(0);
  },
);

test('kills of two nodes on one PostgreSQL, one after the other, lose nothing either', {
  timeout: TIMEOUT_MS,
}, async () => {
  const seed = randomInt(1, 2 ** 31);
  const options = { engine: 'postgres', rounds: 6, seed, lanes: 1, nodes: 2 } as const;
  const report = await runCrashTest({ ...options, postgresUrl: inject('postgresUrl') });
  expect(
    report.findings,
    `npm run crash -- --engine postgres --nodes 2 --lanes 1 --seed ${seed}\n${printReport('postgres', report)}`,
  ).toEqual([]);
  expect(report.rounds).toBe(6);
  expect(report.acknowledged).toBeGreaterThan(0);
});
