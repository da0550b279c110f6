import { beforeEach, describe, expect, test } from 'vitest';
import { tokenRecord } from '../test/record.ts';
import { HOUR_MS } from './clock.ts';
import { DomainError } from './error.ts';
import type { AuditEventId, TokenId } from './id.ts';
import type { TokenRecord } from './principal.ts';
import type { UsageBatch } from './storage-usage.ts';
import { createUsageRecorder, type UsageRecorder } from './usage.ts';
import { USAGE_LIMITS } from './usage-limit.ts';

let now: number;
let written: UsageBatch[];
let failure: DomainError | undefined;
let recorder: UsageRecorder;

const sink = {
  async recordUsage(batch: UsageBatch): Promise<void> {
    if (failure) throw failure;
    written.push(batch);
  },
};
const CURL = { address: '10.2.3.4', userAgent: 'curl/8' };

function record(token: number, generation = 1): TokenRecord {
  return tokenRecord({ token: { id: `tok_${token}` as TokenId, generation } });
}

beforeEach(() => {
  now = 10 * HOUR_MS + 5;
  written = [];
  failure = undefined;
  let events = 0;
  recorder = createUsageRecorder({
    now: () => now,
    newEventId: () => `evt_${++events}` as AuditEventId,
    pause: async () => undefined,
  });
});

describe('usage', () => {
  test('adds up per generation, hour, outcome and caller', async () => {
    recorder.record(record(1), 'allowed', CURL);
    recorder.record(record(1), 'denied', { address: '10.2.3.5', userAgent: 'Jenkins' });
    now += HOUR_MS;
    recorder.record(record(1), 'allowed', CURL);
    recorder.record(record(1, 2), 'allowed', CURL);
    await recorder.flush(sink);

    const [first, second] = written.flatMap((batch) => batch.uses);
    expect(first).toMatchObject({
      tokenId: 'tok_1',
      generation: 1,
      lastAt: now,
      lastAddress: '10.2.3.4',
      lastUserAgent: 'curl/8',
    });
    expect(first?.hours).toEqual([
      { hour: 10 * HOUR_MS, outcome: 'allowed', calls: 1 },
      { hour: 10 * HOUR_MS, outcome: 'denied', calls: 1 },
      { hour: 11 * HOUR_MS, outcome: 'allowed', calls: 1 },
    ]);
    expect(first?.callers).toEqual([
      { address: '10.2.3.4', userAgent: 'curl/8', firstAt: now - HOUR_MS, lastAt: now, calls: 2 },
      { address: '10.2.3.5', userAgent: 'Jenkins', firstAt: now - HOUR_MS, lastAt: now - HOUR_MS, calls: 1 },
    ]);
    expect(second).toMatchObject({ tokenId: 'tok_1', generation: 2 });
  });

  test('is written once, and an idle flush still moves completeUntil', async () => {
    recorder.record(record(1), 'allowed', CURL);
    await recorder.flush(sink);
    now += 5_000;
    await recorder.flush(sink);
    expect(written.map((batch) => batch.uses.length)).toEqual([1, 0]);
    expect(recorder.stats().completeUntil).toBe(now);
  });

  test('is kept while the database is away, together with what comes after, and counted once', async () => {
    recorder.record(record(1), 'allowed', CURL);
    failure = new DomainError('storage.unavailable');
    const before = recorder.stats().completeUntil;
    now += 5_000;
    await expect(recorder.flush(sink)).rejects.toThrow(DomainError);
    recorder.record(record(1), 'allowed', CURL);
    expect(recorder.stats().completeUntil).toBe(before);
    failure = undefined;
    await recorder.flush(sink);
    await recorder.flush(sink);
    const calls = written
      .flatMap((batch) => batch.uses)
      .flatMap((use) => use.hours)
      .reduce((sum, hour) => sum + hour.calls, 0);
    expect(calls).toBe(2);
  });

  test('is not counted twice when nobody knows whether it was written', async () => {
    recorder.record(record(1), 'allowed', CURL);
    failure = new DomainError('outcome_unknown');
    await recorder.flush(sink);
    failure = undefined;
    await recorder.flush(sink);
    expect(written.flatMap((batch) => batch.uses)).toEqual([]);
    expect(recorder.stats().lost).toBe(1);
  });

  test('that can never be written keeps nothing else from being written', async () => {
    recorder.record(record(1), 'allowed', CURL);
    failure = new DomainError('internal');
    await recorder.flush(sink);
    failure = undefined;
    recorder.record(record(2), 'allowed', CURL);
    await recorder.flush(sink);
    expect(written.flatMap((batch) => batch.uses).map(({ tokenId }) => tokenId)).toEqual([record(2).token.id]);
    expect(recorder.stats()).toMatchObject({ lost: 1, pending: 0 });
  });

  test('is bounded: callers per generation, request ids per refusal, lengths', async () => {
    for (let index = 0; index < USAGE_LIMITS.callersPerGeneration + 10; index += 1) {
      recorder.record(record(1), 'allowed', { address: `10.0.0.${index}`, userAgent: 'x'.repeat(1_000) });
      recorder.recordRefusal(record(2), 'expired', { address: `10.0.0.${index}`, userAgent: '' }, `req_${index}`);
    }
    await recorder.flush(sink);
    const [batch] = written;
    expect(batch?.uses[0]?.callers).toHaveLength(USAGE_LIMITS.callersPerGeneration);
    expect(batch?.uses[0]?.callers[0]?.userAgent).toHaveLength(USAGE_LIMITS.userAgentLength);
    expect(batch?.uses[0]?.hours[0]?.calls).toBe(USAGE_LIMITS.callersPerGeneration + 10);
    expect(batch?.refusals).toHaveLength(1);
    expect(batch?.refusals[0]?.requestIds).toHaveLength(USAGE_LIMITS.requestIdsPerRefusal);
    expect(batch?.refusals[0]?.calls).toBe(USAGE_LIMITS.callersPerGeneration + 10);
  });

  test('keeps when a permission was last asked about and allowed, per generation', async () => {
    const known = record(1);
    recorder.record(known, 'allowed', CURL, 'invoices.read');
    recorder.record(known, 'allowed', CURL, 'workspace.run');
    now += 1_000;
    recorder.record(known, 'allowed', CURL, 'invoices.read');
    recorder.record(known, 'denied', CURL, 'workspace.run');
    recorder.record(known, 'denied', CURL, 'invoices.write');
    recorder.record(known, 'allowed', CURL);
    recorder.record(known, 'allowed', CURL, null);
    recorder.record(record(1, 2), 'allowed', CURL, 'workspace.run');
    recorder.recordRefusal(record(2), 'expired', CURL, 'req_1');
    await recorder.flush(sink);
    expect(written.flatMap((batch) => batch.uses).map(({ permissions }) => permissions)).toEqual([
      [
        { permission: 'invoices.read', lastAt: now },
        { permission: 'workspace.run', lastAt: now - 1_000 },
      ],
      [{ permission: 'workspace.run', lastAt: now }],
      [],
    ]);
  });

  test('keeps so many permissions per generation, and counts what it lost', async () => {
    const known = record(1);
    const { permissionsPerGeneration: most } = USAGE_LIMITS;
    for (let index = 0; index < most + 7; index += 1) recorder.record(known, 'allowed', CURL, `things.read_${index}`);
    now += 1;
    recorder.record(known, 'allowed', CURL, 'things.read_0');
    await recorder.flush(sink);
    const permissions = written[0]?.uses[0]?.permissions ?? [];
    expect(permissions).toHaveLength(most);
    expect(permissions[0]).toEqual({ permission: 'things.read_0', lastAt: now });
    expect(recorder.stats().lost).toBe(7);
  });

  test('keeps so many permissions of all generations together, and as many again once they are written', async () => {
    const { permissionsPerGeneration: each, permissions: most } = USAGE_LIMITS;
    const fill = (generations: number): void => {
      for (let token = 0; token < generations; token += 1) {
        const known = record(token);
        for (let index = 0; index < each; index += 1) recorder.record(known, 'allowed', CURL, `things.read_${index}`);
      }
    };
    const kept = () => written.flatMap(({ uses }) => uses).reduce((sum, use) => sum + use.permissions.length, 0);
    fill(most / each + 1);
    await recorder.flush(sink);
    expect([kept(), recorder.stats().lost]).toEqual([most, each]);
    fill(1);
    await recorder.flush(sink);
    expect(kept()).toBe(most + each);
  });

  test('counts refusals by generation, reason, network and hour', async () => {
    const at = (address: string) => ({ address, userAgent: 'old' });
    recorder.recordRefusal(record(1), 'retired', at('10.2.3.4'), 'req_1');
    recorder.recordRefusal(record(1), 'retired', at('10.2.3.99'), 'req_2');
    recorder.recordRefusal(record(1), 'retired', at('10.2.4.4'), 'req_3');
    recorder.recordRefusal(record(1), 'expired', at('10.2.3.4'), 'req_4');
    await recorder.flush(sink);
    expect(
      written
        .flatMap((batch) => batch.refusals)
        .map(({ reason, network, calls, requestIds }) => ({ reason, network, calls, requestIds })),
    ).toEqual([
      { reason: 'retired', network: '10.2.3.0/24', calls: 2, requestIds: ['req_1', 'req_2'] },
      { reason: 'retired', network: '10.2.4.0/24', calls: 1, requestIds: ['req_3'] },
      { reason: 'expired', network: '10.2.3.0/24', calls: 1, requestIds: ['req_4'] },
    ]);
    expect(written[0]?.uses[0]?.hours).toEqual([{ hour: 10 * HOUR_MS, outcome: 'refused', calls: 4 }]);
  });
});
