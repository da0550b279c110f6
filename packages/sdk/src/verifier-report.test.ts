import { describe, expect, test } from 'vitest';
import { testClient } from '../test/client.ts';
import { answer, type Behaviour, hangUp, problem, startMisbehavingServer } from '../test/misbehaving-server.ts';
import { ConnectionError } from './error.ts';
import { createVerifierReporter } from './verifier-report.ts';
import { createVerifierUsage, type UsedToken } from './verifier-usage.ts';

const NOW = Date.parse('2026-11-28T12:00:00.000Z');
const used: UsedToken = { tokenId: 'tok_1', generation: 1, permission: undefined, outcome: 'allowed' };
const noted = answer(204);

interface SentReport {
  readonly reportId: string;
  readonly items: readonly { readonly tokenId: string; readonly count: number }[];
  readonly verifier?: { readonly completeUntil?: string; readonly closing?: boolean };
}

/** A reporter to a server that answers as the test says, whose time is known once the test says so. */
async function reporting(...behaviours: Behaviour[]) {
  const server = await startMisbehavingServer(...behaviours);
  const { call } = testClient({ url: server.url, maxRetries: 0 });
  let ids = 0;
  const newReportId = () => `report_${++ids}`;
  const usage = createVerifierUsage(newReportId);
  const heard: { now: number | undefined } = { now: NOW };
  const head = { earliestServerNow: () => heard.now };
  const reporter = createVerifierReporter({ call, usage, head, verifierId: 'v', newReportId });
  const note = (tokenId: string, address?: string, userAgent?: string): void => {
    usage.note(undefined, { ...used, tokenId }, address, userAgent, NOW);
  };
  const sent = () => server.seen.map(({ body }) => JSON.parse(body) as SentReport);
  return { reporter, usage, note, sent, heard };
}

describe('a report that the server refuses', () => {
  test('is sent again use by use, without who called, and only what is refused then is lost', async () => {
    const refused = problem(400, 'request.invalid');
    const { reporter, note, sent } = await reporting(refused, noted, refused, noted);
    note('tok_1', '203.0.113.7', 'ci/1');
    note('tok_2', undefined, 'ci/2');
    note('tok_3', '203.0.113.7');
    await reporter.report();
    const [whole, ...parts] = sent();
    expect(whole?.items).toHaveLength(3);
    expect(parts.map(({ items }) => items)).toEqual(
      ['tok_1', 'tok_2', 'tok_3'].map((tokenId) => [
        { tokenId, generation: 1, outcome: 'allowed', count: 1, lastAt: '2026-11-28T12:00:00.000Z' },
      ]),
    );
    expect(new Set(sent().map(({ reportId }) => reportId)).size).toBe(4);
    expect(parts.map(({ verifier }) => verifier?.completeUntil)).toEqual([
      undefined,
      undefined,
      whole?.verifier?.completeUntil,
    ]);
    expect(reporter.lost()).toBe(1);
  });

  test('goes on where it was broken off, under the same ids', async () => {
    const { reporter, note, sent } = await reporting(
      problem(400, 'request.invalid'),
      noted,
      problem(503, 'storage.unavailable'),
      noted,
    );
    note('tok_1', '203.0.113.7');
    note('tok_2', '203.0.113.7');
    await expect(reporter.report()).rejects.toMatchObject({ status: 503 });
    await reporter.report();
    const [, first, second, again] = sent();
    expect([first, second].map((report) => report?.items[0]?.tokenId)).toEqual(['tok_1', 'tok_2']);
    expect(again).toEqual(second);
    expect(reporter.lost()).toBe(0);
  });
});

describe('a verifier', () => {
  test('is named only in what says up to when its use is told', async () => {
    const { reporter, note, sent, heard } = await reporting(noted, noted, noted, noted);
    heard.now = undefined;
    note('tok_1');
    await reporter.report();
    heard.now = NOW;
    for (let count = 0; count < 51; count += 1) note(`tok_${count}`);
    await reporter.report();
    await reporter.finish();
    expect(sent().map(({ items, verifier }) => [items.length, verifier?.completeUntil, verifier?.closing])).toEqual([
      [1, undefined, undefined],
      [50, undefined, undefined],
      [1, '2026-11-28T12:00:00.000Z', false],
      [0, '2026-11-28T12:00:00.000Z', true],
    ]);
  });

  test('of whose head nothing was ever heard is not named by its last report either', async () => {
    const { reporter, note, sent, heard } = await reporting(noted);
    heard.now = undefined;
    note('tok_1');
    await reporter.finish();
    expect(sent().map(({ items, verifier }) => [items.length, verifier])).toEqual([[1, undefined]]);
  });
});

test('a verifier that has something to tell from before it heard of changes names itself all the same', async () => {
  const { reporter, note, sent, heard } = await reporting(hangUp, noted, noted);
  heard.now = undefined;
  note('tok_1');
  await expect(reporter.report()).rejects.toThrow(ConnectionError);
  heard.now = NOW;
  await reporter.announce();
  expect(sent().map(({ items, verifier }) => [items.length, verifier?.completeUntil])).toEqual([
    [1, undefined],
    [1, undefined],
    [0, '2026-11-28T12:00:00.000Z'],
  ]);
  await reporter.announce();
  expect(sent()).toHaveLength(3);
});

describe('the last report', () => {
  test('is sent although the one before it fails, and that is tried once more', async () => {
    const held = Promise.withResolvers<void>();
    const failing: Behaviour = (response) => void held.promise.then(() => response.destroy());
    const { reporter, note, sent } = await reporting(failing, noted, noted);
    note('tok_1');
    const failed = reporter.report().catch((error: unknown) => error);
    await expect.poll(() => sent().length).toBe(1);
    note('tok_2');
    const finished = reporter.finish();
    held.resolve();
    await finished;
    expect(await failed).toBeInstanceOf(ConnectionError);
    const [first, again, last] = sent();
    expect(again).toEqual(first);
    expect(last).toMatchObject({ items: [{ tokenId: 'tok_2' }], verifier: { closing: true } });
    expect(reporter.lost()).toBe(0);
  });

  test('that fails, too, counts all as lost that was not told', async () => {
    const { reporter, note, sent } = await reporting(hangUp, hangUp);
    note('tok_1');
    await expect(reporter.report()).rejects.toThrow(ConnectionError);
    note('tok_2');
    note('tok_2');
    await reporter.finish();
    expect(sent()).toHaveLength(2);
    expect(reporter.lost()).toBe(3);
  });
});
