import { randomInt } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { createDatabase } from '../postgres.ts';
import { printReport } from './report.ts';
import { torture } from './torture.ts';

/** Longer in CI than in a developer's run of all tests. */
const SECONDS = Number(process.env['POSTERN_TORTURE_SECONDS'] ?? 30);

test('four nodes, paused, killed and cut off: nothing that was revoked works for anybody who asks afterwards', {
  timeout: (SECONDS + 180) * 1_000,
}, async () => {
  const seed = randomInt(1, 2 ** 31);
  const database = await createDatabase(inject('postgresUrl'));
  try {
    const report = await torture({ databaseUrl: database.url, seed, seconds: SECONDS });
    expect(report.findings, `npm run torture -- --seed ${seed}\n${printReport(report)}`).toEqual([]);
    const { counts, faults } = report;
    expect(counts.writes).toBeGreaterThan(0);
    expect(counts.allowed).toBeGreaterThan(0);
    expect(counts.denied).toBeGreaterThan(0);
    expect(Object.values(faults).reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  } finally {
    await database.drop();
  }
});
