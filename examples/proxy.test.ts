import { Agent } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sendRaw } from '../packages/server/test/raw-request.ts';
import { isInstalled, PROXIES, type ProxyKind, type RunningProxy, startProxy } from '../testing/proxy.ts';
import {
  type Answer,
  type Asking,
  askAt,
  CLIENT_ADDRESS,
  issue,
  makeWorld,
  names,
  OTHER_ADDRESS,
  principalHeaders,
  type World,
} from '../testing/proxy-world.ts';

/**
 * The proxies' examples, as real proxies run them: each on the same table, before the same upstream, with a real Postern.
 * A proxy that this machine lacks is skipped by its name, which says how to get it.
 */

const available = PROXIES.filter(isInstalled);
const missing = PROXIES.filter((kind) => !available.includes(kind));
let world: World;

beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(async () => {
  world?.upstream.close();
  await world?.postern.remove();
});

for (const { name, install } of missing) test.skip(`${name}: not on this machine; ${install}`, () => undefined);

describe.each(available)('behind $name', (kind) => {
  let proxy: RunningProxy;
  let ask: (path: string, options?: Asking) => Promise<Answer>;

  beforeAll(async () => {
    proxy = await startProxy(kind, { ...addresses(), organization: world.organization });
    ask = (path, options) => askAt(proxy.url, path, options);
  });
  afterAll(() => proxy?.stop());
  beforeEach(() => {
    world.upstream.arrivals.length = 0;
  });

  test('200 for a caller who may; the upstream sees who it is, and no token', async () => {
    const { keeper, organization, upstream } = world;
    for (const headers of [{ authorization: `Bearer ${keeper.value}` }, { 'x-api-key': keeper.value }]) {
      upstream.arrivals.length = 0;
      const answer = await ask('/orders?page=2', { headers });
      expect([answer.status, answer.text]).toEqual([200, 'orders']);
      const [arrival] = upstream.arrivals;
      expect([arrival?.method, arrival?.url]).toEqual(['GET', '/orders?page=2']);
      expect(principalHeaders(arrival)).toEqual({
        'x-postern-principal': keeper.accountId,
        'x-postern-principal-kind': 'service_account',
        'x-postern-principal-name': 'The%20keeper%20(%C3%B6)',
        'x-postern-organization': organization,
        'x-postern-organization-role': 'member',
        'x-postern-workspace-role': 'shopkeeper',
        'x-postern-token': keeper.tokenId,
      });
      expect(JSON.stringify(arrival)).not.toContain(keeper.value.slice(4));
      expect(names(arrival)).not.toContain('authorization');
      expect(names(arrival)).not.toContain('x-api-key');
    }
  });

  test('what the upstream sees is all that Postern tells', async () => {
    const { keeper, organization, postern } = world;
    const query = new URLSearchParams({ organization, permission: 'orders.read', workspace: 'shop' });
    const told = await fetch(`${postern.url}/forward-auth?${query}`, {
      headers: { authorization: `Bearer ${keeper.value}` },
    });
    expect((await ask('/orders', { value: keeper.value })).status).toBe(200);
    const all = Object.entries(Object.fromEntries(told.headers)).filter(([name]) => name.startsWith('x-postern-'));
    expect(principalHeaders(world.upstream.arrivals[0])).toEqual(Object.fromEntries(all));
  });

  test('401 with a challenge for no token, a wrong one, and another organization’s; the upstream is not reached', async () => {
    const bare = await ask('/orders');
    expect([bare.status, bare.headers['www-authenticate']]).toEqual([401, 'Bearer realm="postern"']);
    for (const value of ['nonsense', `${world.keeper.value.slice(0, -1)}_`, world.outsider]) {
      const answer = await ask('/orders', { value });
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        401,
        'Bearer realm="postern", error="invalid_token"',
      ]);
    }
    expect(world.upstream.arrivals).toEqual([]);
  });

  test('403 with what is missing; the upstream is not reached', async () => {
    const answer = await ask('/orders', { value: world.guest.value });
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      403,
      'Bearer realm="postern", error="insufficient_scope", scope="orders.read"',
    ]);
    expect(world.upstream.arrivals).toEqual([]);
  });

  test('401 at the very next request once the account is disabled, on the same connection', async () => {
    const { value, accountId } = await issue(world.admin, 'Soon disabled', world.keepersRole);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (let call = 0; call < 3; call += 1) expect((await ask('/orders', { value, agent })).status).toBe(200);
      await world.admin.serviceAccounts.disable(accountId);
      expect((await ask('/orders', { value, agent })).status).toBe(401);
    } finally {
      agent.destroy();
    }
  });

  test('what a caller writes into the principal’s headers does not reach the upstream', async () => {
    const { keeper } = world;
    const honest = await ask('/orders', { value: keeper.value });
    expect(honest.status).toBe(200);
    const expected = principalHeaders(world.upstream.arrivals.pop());
    const lines = [
      'X-Postern-Organization: org_forged',
      'x-pOsTeRn-PrIncIpal: sa_forged',
      'X-Postern-Principal: sa_forged',
      'X-Postern-Principal: sa_forged_again',
      'X-Postern-Workspace-Role: manager',
      'X_Postern_Principal: sa_forged',
      'x_postern_token: tok_forged',
      'X_POSTERN_ORGANIZATION_ROLE: admin',
      'X-Postern_Organization-Role: admin',
      ...(kind.clearsByPrefix ? ['X-Postern-Unknown: forged', 'X_Postern-Unknown: forged'] : []),
    ];
    const forge = (target: string, more: string[]) =>
      sendRaw(proxy.url, request(proxy.url, `GET ${target} HTTP/1.1`, [...lines, ...more]));
    const answer = await forge('/orders', [`Authorization: Bearer ${keeper.value}`]);
    // A proxy may refuse such a request altogether.
    expect([200, 400]).toContain(answer.status);
    const answers = [answer];
    if (kind.hasOpenAddress) answers.push(await forge('/health', [`Authorization: Bearer ${keeper.value}`]));
    const { arrivals } = world.upstream;
    expect(arrivals.length).toBe(answers.filter(({ status }) => status === 200).length);
    for (const arrival of arrivals) {
      expect(principalHeaders(arrival)).toEqual(arrival.url === '/orders' ? expected : {});
      expect(JSON.stringify(arrival)).not.toContain('forged');
      expect(JSON.stringify(arrival)).not.toContain(keeper.value.slice(4));
    }
  });

  test('a header of 10 kB passes; a token of 10 kB does not', async () => {
    const cookie = `theme=${'x'.repeat(10_000)}`;
    const answer = await ask('/orders', { value: world.keeper.value, headers: { cookie } });
    expect(answer.status).toBe(200);
    expect(world.upstream.arrivals.pop()?.headers.find(([name]) => name.toLowerCase() === 'cookie')?.[1]).toBe(cookie);
    const { status } = await ask('/orders', { value: `pst_${'x'.repeat(10_000)}` });
    expect([400, 401, 431]).toContain(status);
    expect(world.upstream.arrivals).toEqual([]);
  });

  test('a POST arrives with its body', async () => {
    const body = JSON.stringify({ order: 'x'.repeat(100_000) });
    const headers = { 'content-type': 'application/json' };
    const answer = await ask('/orders', { method: 'POST', value: world.keeper.value, headers, body });
    expect(answer.status).toBe(200);
    expect(world.upstream.arrivals).toMatchObject([{ method: 'POST', url: '/orders', body }]);
    expect((await ask('/orders', { method: 'POST', value: world.guest.value, headers, body })).status).toBe(403);
    expect(world.upstream.arrivals.length).toBe(1);
  });

  test('no way of writing a path leads to the upstream without a question', async () => {
    const send = async (target: string, headers: readonly string[] = []) =>
      (await sendRaw(proxy.url, request(proxy.url, `GET ${target} HTTP/1.1`, headers))).status;
    const reached = () => [...new Set(world.upstream.arrivals.map(({ url }) => url.replace(/\?.*$/, '')))].toSorted();
    const targets = ['/health', ...TRICKS, `${proxy.url}/health/../orders`];
    const statuses = await Promise.all(targets.map((target) => send(target)));
    for (const [at, status] of statuses.entries())
      expect([200, 301, 308, 400, 401, 404], targets[at]).toContain(status);
    expect(reached()).toEqual(kind.hasOpenAddress ? ['/health'] : []);
    // It is not that nothing reaches it.
    expect(await send('/orders', [`Authorization: Bearer ${world.keeper.value}`])).toBe(200);
    expect(reached()).toContain('/orders');
  });

  test('a token for a network is held against where the caller is, whatever it says', async () => {
    const { value } = await issue(world.admin, 'From one address', world.keepersRole, {
      networks: [`${CLIENT_ADDRESS}/32`],
    });
    const from = async (localAddress: string, forwarded?: string) =>
      (await ask('/orders', { value, localAddress, headers: forwarded ? { 'x-forwarded-for': forwarded } : {} }))
        .status;
    expect(await from(CLIENT_ADDRESS)).toBe(200);
    expect(await from(OTHER_ADDRESS)).toBe(401);
    expect(await from(OTHER_ADDRESS, CLIENT_ADDRESS)).toBe(401);
    expect(await from(CLIENT_ADDRESS, OTHER_ADDRESS)).toBe(200);
  });

  test('nobody passes where the organization was forgotten', async () => {
    const forgetful = await startProxy(kind, addresses());
    try {
      world.upstream.arrivals.length = 0;
      const { status } = await askAt(forgetful.url, '/orders', { value: world.keeper.value });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(world.upstream.arrivals).toEqual([]);
    } finally {
      await forgetful.stop();
    }
  });
});

describe('when Postern does not answer', () => {
  const running: (readonly [ProxyKind, RunningProxy])[] = [];
  const all = available.map(({ name }) => name);
  /** Traefik waits for half a minute, which cannot be set. */
  const impatient = all.filter((name) => name !== 'traefik');
  const passed = (names: readonly string[]) => names.map((name) => [name, 200, undefined]);
  /** Traefik knows one answer only for a question that failed. */
  const unavailable = (names: readonly string[]) =>
    names.map((name) => (name === 'traefik' ? [name, 500, undefined] : [name, 503, '1']));

  const askAll = async (names: readonly string[]) =>
    Promise.all(
      running
        .filter(([{ name }]) => names.includes(name))
        .map(async ([{ name }, { url }]) => {
          const { status, headers } = await askAt(url, '/orders', { value: world.keeper.value });
          return [name, status, headers['retry-after']];
        }),
    );

  beforeAll(async () => {
    const { organization } = world;
    for (const kind of available) running.push([kind, await startProxy(kind, { ...addresses(), organization })]);
  });
  afterAll(async () => {
    await Promise.all(running.map(([, proxy]) => proxy.stop()));
  });
  beforeEach(() => {
    world.upstream.arrivals.length = 0;
  });

  test('503 while it is paused, and 200 as soon as it goes on', { timeout: 60_000 }, async () => {
    world.postern.signal('SIGSTOP');
    try {
      expect(await askAll(impatient)).toEqual(unavailable(impatient));
    } finally {
      world.postern.signal('SIGCONT');
    }
    expect(world.upstream.arrivals).toEqual([]);
    await expect.poll(() => askAll(all), { timeout: 30_000 }).toEqual(passed(all));
  });

  test('503 when it has ended', async () => {
    expect(await askAll(all)).toEqual(passed(all));
    world.upstream.arrivals.length = 0;
    await world.postern.stop();
    expect(await askAll(all)).toEqual(unavailable(all));
    expect(world.upstream.arrivals).toEqual([]);
  });
});

/** Ways to write `/orders` that begin as the open address does, or look like it. */
const TRICKS = [
  '/orders',
  '//orders',
  '/./orders',
  '/%2e%2e/orders',
  '/%6frders',
  '/health/../orders',
  '/health/%2e%2e/orders',
  '/health/.%2e/orders',
  '/health/..%2forders',
  '/health%2f..%2forders',
  '/health/..%5corders',
  '/health/..\\orders',
  '/health//../orders',
  '//health/../orders',
  '/health/./../orders',
  '/health;/../orders',
  '/health/..;/orders',
  '/orders/../health',
  '/orders/..%2fhealth',
  '/orders/%2e%2e/health',
  '/HEALTH/../orders',
  '/%68ealth/../orders',
  '/health%00/../orders',
  '/health%3f/../orders',
  '/health?/../orders',
  '/_postern',
  '/forward-auth?organization=*',
];

function addresses() {
  return { postern: new URL(world.postern.url).host, upstream: world.upstream.address };
}

function request(url: string, line: string, headers: readonly string[]): string {
  return `${[line, `Host: ${new URL(url).host}`, 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;
}
