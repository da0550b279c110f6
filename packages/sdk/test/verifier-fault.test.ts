import { inspect } from 'node:util';
import { TOKEN_PATTERN } from '@postern/core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Postern as Process, startPostern, startPosternOn } from '../../../testing/postern-process.ts';
import { startPostern as startCluster } from '../../server/test/postern.ts';
import { VerifierUnavailable } from '../src/error.ts';
import { Postern } from '../src/postern.ts';
import { assembleVerifier } from '../src/verifier.ts';
import { type CutProxy, startCutProxy } from './cut-proxy.ts';

/**
 * A verifier left to itself, on the other side of a real process that is stopped, paused, slow, moved or cut off. Its time
 * is the test's own, timers included, so that nothing here depends on how fast the machine is: within the bound it stops
 * trusting its memory, and it recovers by itself.
 */

const BOUND_MS = 30_000;
const PATIENCE_MS = 2_000;
const ATTEMPTS = 30;

let server: Process;
const said: string[] = [];

beforeAll(async () => {
  server = await startPostern();
});
afterAll(async () => {
  await server?.remove();
});

interface Issued {
  readonly value: string;
  revoke(admin: Postern): Promise<unknown>;
}

async function issue(admin: Postern, organizationRole: 'verifier' | 'member'): Promise<Issued> {
  const { id } = await admin.serviceAccounts.create({ displayName: organizationRole, organizationRole });
  const { token, value } = await admin.serviceAccounts.tokens.create(id, { name: 'it' });
  return { value: value.reveal(), revoke: (by) => by.serviceAccounts.tokens.delete(id, token.id) };
}

const adminOf = ({ url, adminToken }: Process): Postern => new Postern({ url, token: adminToken });

/** A verifier in the background that has an answer in its memory, and the time it lives in. */
async function remembering(url: string, own: string, value: string) {
  const begun = { monotonic: 1_000, wall: Date.parse('2026-11-27T12:00:00Z') };
  let passedMs = 0;
  const clock = { monotonic: () => begun.monotonic + passedMs, wall: () => begun.wall + passedMs };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const settings = { url, token: own, maxStalenessMs: BOUND_MS, timeoutMs: BOUND_MS };
  const warn = (sentence: string): void => void said.push(sentence);
  const { verifier } = assembleVerifier({ ...settings, warn }, { clock, background: true });
  onTestFinished(async () => {
    vi.useRealTimers();
    await verifier.close();
  });

  async function pass(ms: number): Promise<void> {
    passedMs += ms;
    await vi.advanceTimersByTimeAsync(ms);
  }
  const ask = async (): Promise<string> => {
    try {
      const { outcome, source } = await verifier.verify(value);
      return `${outcome} ${source}`;
    } catch (error) {
      said.push(inspect(error));
      if (!(error instanceof VerifierUnavailable)) throw error;
      return 'unavailable';
    }
  };
  /** Waits for something that it does by itself, in its own time. */
  async function eventually(met: () => boolean | Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const isMet = await expect
        .poll(met, { timeout: PATIENCE_MS, interval: 20 })
        .toBe(true)
        .then(
          () => true,
          () => false,
        );
      if (isMet) return;
      await pass(BOUND_MS / 3);
    }
    throw new Error('it never came to that');
  }
  const isFresh = () => verifier.stats().fresh;

  await verifier.ready();
  await eventually(async () => (await ask()) === 'allowed memory');
  return { pass, ask, eventually, isFresh };
}

describe('a server that', () => {
  let admin: Postern;
  let proxy: CutProxy;
  let own: Issued;
  let issued: Issued;

  async function start() {
    admin = adminOf(server);
    proxy = await startCutProxy(server.url);
    own = await issue(admin, 'verifier');
    issued = await issue(admin, 'member');
    return remembering(proxy.url, own.value, issued.value);
  }

  test('is stopped, and started again at another address', { timeout: 120_000 }, async () => {
    const { pass, ask, eventually, isFresh } = await start();
    await server.stop();
    expect(await ask()).toBe('allowed memory');
    await pass(BOUND_MS);
    expect(isFresh()).toBe(false);
    expect(await ask()).toBe('unavailable');
    const before = server.url;
    server = await startPosternOn(server.data);
    expect(server.url).not.toBe(before);
    proxy.target = server.url;
    await eventually(isFresh);
    expect(await ask()).toMatch(/^allowed /);
    await issued.revoke(adminOf(server));
    await eventually(async () => (await ask()).startsWith('invalid'));
  });

  test('is paused, and goes on', { timeout: 120_000 }, async () => {
    const { pass, ask, eventually, isFresh } = await start();
    onTestFinished(() => server.signal('SIGCONT'));
    server.signal('SIGSTOP');
    expect(await ask()).toBe('allowed memory');
    await pass(BOUND_MS);
    expect(isFresh()).toBe(false);
    const asked = ask();
    await pass(BOUND_MS);
    expect(await asked).toBe('unavailable');
    server.signal('SIGCONT');
    await eventually(isFresh);
    await issued.revoke(admin);
    await eventually(async () => (await ask()).startsWith('invalid'));
  });

  test('is so slow that its answers are as old as the bound', { timeout: 120_000 }, async () => {
    const { pass, ask, eventually, isFresh } = await start();
    proxy.answers = 'hold';
    proxy.streams = 'hold';
    await issued.revoke(admin);
    await pass(BOUND_MS);
    expect(isFresh()).toBe(false);
    const asked = ask();
    // All the answers that were under way arrive now. How old a late head is, verifier.test.ts counts.
    proxy.answers = 'pass';
    proxy.release();
    expect(await asked).toBe('invalid server');
    proxy.streams = 'pass';
    proxy.release();
    await eventually(isFresh);
    expect(await ask()).toMatch(/^invalid /);
  });

  test('is behind a proxy that swallows the stream', { timeout: 120_000 }, async () => {
    const { pass, ask, eventually } = await start();
    proxy.streams = 'hold';
    await issued.revoke(admin);
    await pass(BOUND_MS);
    // The stream said nothing, and it does not matter.
    expect(await ask()).toMatch(/^invalid /);
    await eventually(async () => (await ask()) === 'invalid memory');
  });

  test('is behind a proxy that lets through nothing but the stream, as it was 30 s ago', {
    timeout: 120_000,
  }, async () => {
    const { pass, ask, eventually, isFresh } = await start();
    proxy.streams = 'hold';
    proxy.answers = 'hold';
    await issued.revoke(admin);
    await expect.poll(() => proxy.holds('stream')).toBe(true);
    await pass(30_000);
    // What it told then arrives now, heartbeats and all; the heads that it is a reason to ask for do not.
    proxy.streams = 'pass';
    proxy.release();
    proxy.streams = 'hold';
    proxy.answers = 'hold';
    await pass(BOUND_MS);
    expect(isFresh()).toBe(false);
    const asked = ask();
    await pass(BOUND_MS);
    expect(await asked).toBe('unavailable');
    proxy.streams = 'pass';
    proxy.answers = 'pass';
    proxy.release();
    await eventually(isFresh);
    expect(await ask()).toMatch(/^invalid /);
  });
});

test('what is revoked on one node is denied by a verifier at the other', { timeout: 120_000 }, async () => {
  const cluster = await startCluster('postgres');
  onTestFinished(() => cluster.stop());
  const other = await cluster.startAnother();
  const admin = new Postern({ url: cluster.url, token: cluster.admin.token });
  const own = await issue(admin, 'verifier');
  const [heard, unheard] = [await issue(admin, 'member'), await issue(admin, 'member')];
  const proxy = await startCutProxy(other.url);
  const { ask, eventually } = await remembering(proxy.url, own.value, heard.value);
  await heard.revoke(admin);
  // The stream of the other node told of it.
  await eventually(async () => (await ask()).startsWith('invalid'));
  vi.useRealTimers();
  const second = await remembering(proxy.url, own.value, unheard.value);
  proxy.streams = 'hold';
  await unheard.revoke(admin);
  await second.pass(BOUND_MS);
  expect(await second.ask()).not.toMatch(/^allowed/);
  await second.eventually(async () => (await second.ask()).startsWith('invalid'));
});

test('nothing of a token is in what the server and the verifiers wrote', () => {
  const written = [...said, server.stdout(), server.stderr()].join('\n');
  expect(written).toContain('VerifierUnavailable');
  expect(written).not.toMatch(TOKEN_PATTERN);
});
