import { inspect } from 'node:util';
import fc from 'fast-check';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startHeldProxy } from '../test/held-proxy.ts';
import { html, silence, startMisbehavingServer } from '../test/misbehaving-server.ts';
import { startPostern, type TestServer } from '../test/server.ts';
import { InvalidRequest, VerifierUnavailable } from './error.ts';
import { Postern } from './postern.ts';
import { assembleVerifier, type VerifierQuestion } from './verifier.ts';

const VERIFY = '/api/v1/tokens/verify';
const HEAD = '/api/v1/changes/head';
/** Longer than any machine needs for what a test asks: the clock is the test's, and nothing waits for it. */
const BOUND_MS = 3_600_000;
const PATIENCE_MS = 30_000;
const ADDRESS = '203.0.113.7';

let server: TestServer;
let admin: Postern;
let accountId: string;
let tokenId: string;
let value: string;
let own: string;

beforeEach(async () => {
  server = await startPostern();
  admin = new Postern({ url: server.url, token: server.adminToken });
  const verifying = await admin.serviceAccounts.create({ displayName: 'api', organizationRole: 'verifier' });
  own = (await admin.serviceAccounts.tokens.create(verifying.id, { name: 'api' })).value.reveal();
  accountId = (await admin.serviceAccounts.create({ displayName: 'ci', organizationRole: 'admin' })).id;
  const made = await admin.serviceAccounts.tokens.create(accountId, { name: 'ci' });
  tokenId = made.token.id;
  value = made.value.reveal();
});

/** A verifier that asks for the head when the test says so, on a clock that the test moves. */
async function manual(settings: { url?: string; maxEntries?: number } = {}) {
  const now = { monotonic: 1_000, wall: 1_000_000 };
  const clock = { monotonic: () => now.monotonic, wall: () => now.wall };
  const { verifier, head, reporter } = assembleVerifier(
    { url: server.url, token: own, maxStalenessMs: BOUND_MS, timeoutMs: PATIENCE_MS, ...settings },
    { clock, background: false },
  );
  onTestFinished(() => verifier.close());
  await verifier.ready();
  const advance = (ms: number): void => {
    now.monotonic += ms;
    now.wall += ms;
  };
  const outcome = async (text = value, question: VerifierQuestion = {}): Promise<string> => {
    const answer = await verifier.verify(text, question);
    return `${answer.outcome} ${answer.source}`;
  };
  return { verifier, head, reporter, now, advance, outcome };
}

describe('a verifier', () => {
  test('asks once, then answers from memory, with the same', async () => {
    const { verifier, outcome } = await manual();
    const first = await verifier.verify(value, { permission: 'token.read' });
    expect(first).toMatchObject({
      outcome: 'allowed',
      source: 'server',
      principal: { id: accountId },
      token: { id: tokenId, generation: 1 },
      because: [{ source: 'organization_role', role: 'admin' }],
    });
    const again = await verifier.verify(value, { permission: 'token.read' });
    expect({ ...again, source: 'server' }).toEqual(first);
    expect(again.source).toBe('memory');
    expect(await outcome(value, { permission: 'invoices.read' })).toBe('denied server');
    expect(await outcome(value, { permission: 'invoices.read' })).toBe('denied memory');
    expect(verifier.stats()).toMatchObject({ fromMemory: 2, fromServer: 2, fresh: true });
  });

  test('refuses what is no value without asking anybody', async () => {
    const proxy = await startHeldProxy(server.url);
    const { outcome } = await manual({ url: proxy.url });
    for (const text of ['', 'nonsense', mistyped(value), `${value} `])
      expect(await outcome(text)).toBe('invalid memory');
    expect(proxy.count(VERIFY)).toBe(0);
  });

  test('forgets what a change is about when it hears of it, and nothing of other accounts', async () => {
    const { head, outcome } = await manual();
    const other = (await admin.serviceAccounts.create({ displayName: 'other', organizationRole: 'member' })).id;
    const others = (await admin.serviceAccounts.tokens.create(other, { name: 'x' })).value.reveal();
    await head.ask();
    expect([await outcome(), await outcome(others)]).toEqual(['allowed server', 'allowed server']);
    await admin.serviceAccounts.tokens.delete(accountId, tokenId);
    await head.ask();
    expect(await outcome()).toBe('invalid server');
    expect(await outcome(others)).toBe('allowed memory');
    await admin.serviceAccounts.disable(other);
    await head.ask();
    expect(await outcome(others)).toBe('invalid server');
  });

  test('does not keep an answer that was under way while a change was applied', async () => {
    const proxy = await startHeldProxy(server.url);
    const { head, outcome } = await manual({ url: proxy.url });
    proxy.rule = { path: VERIFY, does: 'hold' };
    const arrived = proxy.nextArrival(VERIFY);
    const asked = outcome();
    await arrived;
    await admin.serviceAccounts.update(accountId, { displayName: 'renamed' });
    await head.ask();
    proxy.rule = undefined;
    proxy.release();
    expect(await asked).toBe('allowed server');
    expect(await outcome()).toBe('allowed server');
    expect(await outcome()).toBe('allowed memory');
  });

  test('stops trusting memory when the bound is over, counted from before it asked', async () => {
    const proxy = await startHeldProxy(server.url);
    const { head, now, advance, outcome } = await manual({ url: proxy.url });
    await outcome();
    proxy.rule = { path: HEAD, does: 'hold' };
    const arrived = proxy.nextArrival(HEAD);
    const asked = head.ask();
    await arrived;
    // The answer was held up for as long as it could: what it says is as old as the question.
    advance(BOUND_MS - 1);
    expect(await outcome()).toBe('allowed memory');
    advance(1);
    expect(await outcome()).toBe('allowed server');
    proxy.rule = undefined;
    proxy.release();
    await asked;
    expect(await outcome()).toBe('allowed server');
    await head.ask();
    expect(await outcome()).toBe('allowed memory');
    // The machine slept, and only the wall clock has noticed.
    now.wall += BOUND_MS;
    expect(await outcome()).toBe('allowed server');
  });

  test('throws when Postern is gone and memory is too old, never guesses, and recovers by itself', async () => {
    const proxy = await startHeldProxy(server.url);
    const { verifier, head, advance, outcome } = await manual({ url: proxy.url });
    await outcome();
    await admin.serviceAccounts.tokens.delete(accountId, tokenId);
    proxy.rule = { path: '/', does: 'drop' };
    expect(await outcome()).toBe('allowed memory');
    advance(BOUND_MS);
    const failure = await verifier.verify(value).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(VerifierUnavailable);
    expect(`${inspect(failure)} ${JSON.stringify(failure)}`).not.toContain(value.slice(4, 20));
    await expect(head.ask()).rejects.toThrow();
    await expect(verifier.verify(value)).rejects.toThrow(VerifierUnavailable);
    proxy.rule = undefined;
    expect(await outcome()).toBe('invalid server');
    await head.ask();
    expect(verifier.stats().fresh).toBe(true);
  });

  test('asks once for many who ask the same at the same time', async () => {
    const proxy = await startHeldProxy(server.url);
    const { verifier, outcome, reporter } = await manual({ url: proxy.url });
    const all = await Promise.all(Array.from({ length: 50 }, () => outcome()));
    expect(new Set(all)).toEqual(new Set(['allowed server']));
    expect(proxy.count(VERIFY)).toBe(1);
    expect(verifier.stats()).toMatchObject({ fromMemory: 0, fromServer: 50 });
    await server.flushUsage();
    await reporter.report();
    const callers = await admin.serviceAccounts.tokens.callers(accountId, tokenId).toArray({ max: 10 });
    expect(callers.map(({ calls }) => calls)).toEqual([50]);
  });

  test('asks for each of them, where it is to remember nothing', async () => {
    const proxy = await startHeldProxy(server.url);
    const { outcome } = await manual({ url: proxy.url, maxEntries: 0 });
    await Promise.all([outcome(), outcome(), outcome()]);
    expect(proxy.count(VERIFY)).toBe(3);
  });

  test.each(['monotonic', 'wall'] as const)(
    'asks anew when a question is older than the bound by its %s clock',
    async (clock) => {
      const proxy = await startHeldProxy(server.url);
      const { now, outcome } = await manual({ url: proxy.url });
      proxy.rule = { path: VERIFY, does: 'hold' };
      const arrived = proxy.nextArrival(VERIFY);
      const asked = [outcome()];
      await arrived;
      now[clock] += BOUND_MS;
      asked.push(outcome());
      proxy.rule = undefined;
      proxy.release();
      await Promise.all(asked);
      expect(proxy.count(VERIFY)).toBe(2);
    },
  );

  test('does not answer for another address from memory where networks matter', async () => {
    const { outcome } = await manual();
    const narrow = await admin.serviceAccounts.tokens.create(accountId, {
      name: 'narrow',
      restrictions: { networks: ['203.0.113.0/24'] },
    });
    const text = narrow.value.reveal();
    expect(await outcome(text, { clientAddress: ADDRESS })).toBe('allowed server');
    expect(await outcome(text, { clientAddress: ADDRESS })).toBe('allowed memory');
    expect(await outcome(text, { clientAddress: '198.51.100.1' })).toBe('invalid server');
    expect(await outcome(text)).toBe('invalid server');
    expect(await outcome(text, { clientAddress: ADDRESS })).toBe('allowed memory');
    expect(await outcome(value, { clientAddress: ADDRESS })).toBe('allowed server');
    expect(await outcome(value, { clientAddress: '198.51.100.1' })).toBe('allowed memory');
  });

  test('asks again from the end of a value on, by the time of the server', async () => {
    const { verifier, head, advance, outcome } = await manual();
    const refreshed = await admin.serviceAccounts.tokens.refresh(accountId, tokenId, { overlapSeconds: 600 });
    await head.ask();
    expect(await outcome()).toBe('allowed server');
    const answer = await verifier.verify(value);
    const until = answer.outcome === 'allowed' ? Date.parse(answer.token.validUntil ?? '') : 0;
    expect(until).toBe(Date.parse(refreshed.token.previous?.validUntil ?? ''));
    advance(600_500);
    expect(verifier.stats().fresh).toBe(true);
    // By then the server's time may have come to the end, as far as the verifier knows.
    expect(await outcome()).toMatch(/ server$/);
  });

  test('remembers a bounded number of answers, refusals included', async () => {
    const { verifier, outcome } = await manual({ maxEntries: 30 });
    for (let count = 0; count < 100; count += 1) await outcome(value, { permission: `thing${count}.read` });
    expect(verifier.stats().entries).toBeLessThanOrEqual(30);
    const none = await manual({ maxEntries: 0 });
    await none.outcome();
    expect(await none.outcome()).toBe('allowed server');
  });

  test('throws what the question is wrong in', async () => {
    const { verifier } = await manual();
    await expect(verifier.verify(value, { clientAddress: 'here' })).rejects.toThrow(InvalidRequest);
    await expect(verifier.verify(value, { permission: 'Everything' })).rejects.toThrow(InvalidRequest);
  });

  test('takes a 400 that is not of Postern for one that cannot be asked', async () => {
    const { url } = await startMisbehavingServer(html(400));
    const { verifier } = assembleVerifier(
      { url, token: own, timeoutMs: PATIENCE_MS },
      { clock: { monotonic: () => 0, wall: () => 0 }, background: false },
    );
    await expect(verifier.verify(value)).rejects.toThrow(VerifierUnavailable);
  });

  test('waits as long as by default, where its timeout is undefined', async () => {
    const { url, seen } = await startMisbehavingServer(silence);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { verifier } = assembleVerifier(
      { url, token: own, timeoutMs: undefined },
      { clock: { monotonic: () => 0, wall: () => 0 }, background: false },
    );
    const failed = verifier.verify(value).catch((error: unknown) => error);
    await expect.poll(() => seen.length).toBe(1);
    vi.advanceTimersByTime(2_000);
    expect(await failed).toMatchObject({ message: expect.stringContaining('within 2000 ms') });
  });

  test('says that it is its own token that is refused, as unavailable', async () => {
    const { verifier } = assembleVerifier(
      { url: server.url, token: mistyped(value), timeoutMs: PATIENCE_MS },
      { clock: { monotonic: () => 0, wall: () => 0 }, background: false },
    );
    await expect(verifier.ready()).rejects.toThrow(VerifierUnavailable);
    await expect(verifier.verify(value)).rejects.toThrow(VerifierUnavailable);
  });

  test('says that its token function failed, and how, as unavailable', async () => {
    const sealed = new Error('the vault is sealed');
    const { verifier } = assembleVerifier(
      { url: server.url, token: () => Promise.reject(sealed), timeoutMs: PATIENCE_MS },
      { clock: { monotonic: () => 0, wall: () => 0 }, background: false },
    );
    for (const failing of [verifier.ready(), verifier.verify(value)]) {
      const failure = await failing.catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(VerifierUnavailable);
      expect(failure).toMatchObject({ cause: sealed, message: expect.stringContaining('token function failed') });
    }
    await verifier.close();
    const closed = await verifier.ready().catch((error: unknown) => error);
    expect(closed).toMatchObject({ message: expect.stringContaining('is closed') });
  });

  test('is ready although its token function takes longer than the bound', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const boundMs = 300;
    const asked = Promise.withResolvers<string>();
    let now = 0;
    const { verifier } = assembleVerifier(
      { url: server.url, token: () => asked.promise, maxStalenessMs: boundMs, timeoutMs: PATIENCE_MS },
      { clock: { monotonic: () => now, wall: () => now }, background: false },
    );
    const ready = verifier.ready();
    now += 2 * boundMs;
    await vi.advanceTimersByTimeAsync(2 * boundMs);
    asked.resolve(own);
    await ready;
    expect(verifier.stats().fresh).toBe(true);
  });

  test('reports what it answered from memory, once', async () => {
    const { verifier, outcome, reporter } = await manual();
    await outcome(value, { clientAddress: ADDRESS, userAgent: 'ci/1' });
    await server.flushUsage();
    for (let count = 0; count < 5; count += 1) await outcome(value, { clientAddress: ADDRESS, userAgent: 'ci/2' });
    await reporter.report();
    await reporter.report();
    await outcome(value, { clientAddress: ADDRESS, userAgent: 'ci/2' });
    await verifier.close();
    const callers = await admin.serviceAccounts.tokens.callers(accountId, tokenId).toArray({ max: 10 });
    expect(callers.map(({ userAgent, calls }) => [userAgent, calls]).sort()).toEqual([
      ['ci/1', 1],
      ['ci/2', 6],
    ]);
    await expect(verifier.verify(value)).rejects.toThrow(VerifierUnavailable);
  });
});

test('left to itself, it hears of a revocation, through a restart of what stands between', {
  timeout: 8 * PATIENCE_MS,
}, async () => {
  const proxy = await startHeldProxy(server.url);
  const boundMs = PATIENCE_MS;
  let passedMs = 0;
  const clock = { monotonic: () => performance.now() + passedMs, wall: () => Date.now() + passedMs };
  const settings = { url: proxy.url, token: own, maxStalenessMs: boundMs, timeoutMs: PATIENCE_MS };
  const { verifier } = assembleVerifier(settings, { clock, background: true });
  onTestFinished(() => verifier.close());
  await verifier.ready();
  const outcome = async (): Promise<string> => (await verifier.verify(value)).outcome;
  await expect.poll(async () => (await verifier.verify(value)).source, { timeout: 2 * PATIENCE_MS }).toBe('memory');
  proxy.rule = { path: '/', does: 'drop' };
  proxy.cut();
  // All that it asked before the way was cut is now older than the bound.
  passedMs += boundMs;
  await expect
    .poll(() => outcome().catch((error: Error) => error.name), { timeout: 2 * PATIENCE_MS })
    .toBe('VerifierUnavailable');
  proxy.rule = undefined;
  await expect.poll(() => verifier.stats().fresh, { timeout: 2 * PATIENCE_MS }).toBe(true);
  expect(await outcome()).toBe('allowed');
  await admin.serviceAccounts.tokens.delete(accountId, tokenId);
  await expect.poll(outcome, { timeout: 2 * PATIENCE_MS }).toBe('invalid');
});

test.each([
  ['anything', true],
  ['changes', false],
])('asked in vain for %s, looks for changes soon after Postern was reached again', async (_, isAsked) => {
  const proxy = await startHeldProxy(server.url);
  proxy.rule = { path: '/', does: 'drop' };
  const { verifier } = assembleVerifier(
    { url: proxy.url, token: own, maxStalenessMs: BOUND_MS, timeoutMs: PATIENCE_MS },
    { clock: { monotonic: () => 0, wall: () => 0 }, background: true },
  );
  onTestFinished(() => verifier.close());
  const failing = await Promise.allSettled([verifier.ready(), ...(isAsked ? [verifier.verify(value)] : [])]);
  expect(new Set(failing.map(({ status }) => status))).toEqual(new Set(['rejected']));
  proxy.rule = undefined;
  expect((await verifier.verify(value)).outcome).toBe('allowed');
  await expect.poll(() => verifier.stats().fresh, { timeout: PATIENCE_MS }).toBe(true);
});

test('answers as Postern does, whatever is changed in between', { timeout: 120_000 }, async () => {
  const { verifier, head } = await manual();
  const workspace = await admin.workspaces.create({ name: 'orders' });
  const group = await admin.groups.create({ name: 'team' });
  const tokens: { id: string; account: string; value: string }[] = [];
  const accounts: string[] = [];
  for (const role of ['member', 'member'] as const) {
    const { id } = await admin.serviceAccounts.create({ displayName: 'p', organizationRole: role });
    accounts.push(id);
    for (const name of ['one', 'two']) {
      const made = await admin.serviceAccounts.tokens.create(id, { name });
      tokens.push({ id: made.token.id, account: id, value: made.value.reveal() });
    }
  }
  await admin.groups.members.set(group.id, accounts[1] as string, { role: 'member' });
  const mutations: ((n: number) => Promise<unknown>)[] = [
    (n) =>
      admin.workspaces.members.set(workspace.id, pick(accounts, n), { role: pick(['viewer', 'member', 'manager'], n) }),
    (n) => admin.workspaces.members.remove(workspace.id, pick(accounts, n)),
    (n) => admin.workspaces.groups.set(workspace.id, group.id, { role: pick(['viewer', 'manager'], n) }),
    () => admin.workspaces.groups.remove(workspace.id, group.id),
    (n) => admin.serviceAccounts.update(pick(accounts, n), { organizationRole: pick(['member', 'admin'], n >> 1) }),
    async (n) => {
      const token = pick(tokens, n);
      const { value: renewed } = await admin.serviceAccounts.tokens.refresh(token.account, token.id, {
        overlapSeconds: 0,
      });
      tokens.push({ ...token, value: renewed.reveal() });
    },
  ];
  const questions: VerifierQuestion[] = [
    {},
    { permission: 'workspace.run', workspace: workspace.id },
    { permission: 'workspace.update', workspace: 'orders' },
    { permission: 'token.read' },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(mutations.length - 1), fc.nat(7)), { minLength: 1, maxLength: 3 }),
      async (steps) => {
        for (const [which, n] of steps) {
          await mutations[which]?.(n).catch((error: { status?: number }) => expect(error.status).toBe(404));
          await head.ask();
          for (const token of tokens.slice(-5)) {
            for (const question of questions) {
              const direct = await admin.tokens.verify(token.value, question);
              const expected = !direct.active ? 'invalid' : direct.allowed === false ? 'denied' : 'allowed';
              for (let twice = 0; twice < 2; twice += 1) {
                expect((await verifier.verify(token.value, question)).outcome).toBe(expected);
              }
            }
          }
        }
      },
    ),
    { numRuns: 12 },
  );
  expect(verifier.stats().fromMemory).toBeGreaterThan(verifier.stats().fromServer);
});

function mistyped(text: string): string {
  return `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;
}

function pick<Item>(items: readonly Item[], n: number): Item {
  return items[n % items.length] as Item;
}
