import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { createMetrics, listenForMetrics, type Metrics } from './metrics.ts';

describe.each(engines)('metrics on $name', (engine) => {
  let door: Door;
  let metrics: Metrics;
  let accountId: string;

  beforeAll(async () => {
    door = await openDoor(engine);
    metrics = createMetrics();
    metrics.watch(door.server, door.database.cache);
    accountId = await door.createAccount({ displayName: 'Counted' });
  });
  afterAll(() => door.close());

  const read = async (): Promise<Map<string, number>> =>
    new Map(
      (await metrics.text())
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    );

  /** What has been added meanwhile. */
  async function difference(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = await read();
    await work();
    const after = await read();
    return Object.fromEntries(
      [...after]
        .map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
        .filter(([name, value]) => value !== 0 && /^postern_(verification.*_total|requests)/.test(name)),
    );
  }

  test('count verifications by outcome and source, and answers by status', async () => {
    const { value, id } = await door.createToken(accountId);
    const me = (token: string) => door.call('GET', '/api/v1/me', { token });
    expect(await difference(() => me(value))).toEqual({
      'postern_verifications_total{outcome="active"}': 1,
      'postern_verification_lookups_total{source="database"}': 1,
      'postern_requests_total{status="2xx"}': 1,
    });
    const twice = async () => {
      await me(value);
      await me(value);
    };
    expect(await difference(twice)).toEqual({
      'postern_verifications_total{outcome="active"}': 2,
      'postern_verification_lookups_total{source="memory"}': 2,
      'postern_requests_total{status="2xx"}': 2,
    });
    await door.call('DELETE', `/api/v1/service-accounts/${accountId}/tokens/${id}`);
    expect(await difference(() => me(value))).toEqual({
      'postern_verifications_total{outcome="refused"}': 1,
      'postern_verification_lookups_total{source="database"}': 1,
      'postern_requests_total{status="4xx"}': 1,
    });
    expect(await difference(() => me('pst_nonsense'))).toEqual({
      'postern_verifications_total{outcome="malformed"}': 1,
      'postern_requests_total{status="4xx"}': 1,
    });
  });

  test('tell of revocations, use and connections, and name nobody', async () => {
    metrics.onConfirmed(3, 1);
    const found = await read();
    expect(found.get('postern_revocation_seconds_bucket{le="0.002"}')).toBe(0);
    expect(found.get('postern_revocation_seconds_bucket{le="0.005"}')).toBe(1);
    expect(found.get('postern_revocation_expired_nodes_total')).toBe(1);
    expect(found.get('postern_ready')).toBe(1);
    expect(found.get('postern_nodes')).toBe(1);
    expect(found.get('postern_node_lag_changes')).toBe(0);
    expect(found.get('postern_usage_pending')).toBeGreaterThan(0);
    expect(found.get('postern_usage_flush_age_seconds')).toBeGreaterThanOrEqual(0);
    if (engine.name === 'postgres') {
      expect(found.get('postern_lease_remaining_seconds')).toBeGreaterThan(0);
      expect(found.get('postern_database_connections{pool="operations",state="waiting"}')).toBe(0);
    } else {
      expect(found.has('postern_lease_remaining_seconds')).toBe(false);
    }
    const text = await metrics.text();
    expect(text).not.toMatch(/(org|sa|mem|tok|ws|grp)_[0-9a-z]{10}|Acme|Counted/);
  });

  test('200 at /metrics, 404 elsewhere, and nothing but reading', async () => {
    const listening = await listenForMetrics(metrics, { host: '127.0.0.1', port: 0 });
    try {
      const answer = await fetch(listening.url);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
      expect(await answer.text()).toContain('postern_ready 1');
      expect((await fetch(new URL('/', listening.url))).status).toBe(404);
      expect((await fetch(listening.url, { method: 'POST' })).status).toBe(404);
    } finally {
      await listening.close();
    }
  });
});
