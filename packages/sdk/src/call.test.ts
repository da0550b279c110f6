import { describe, expect, onTestFinished, test, vi } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { TOKEN, testClient } from '../test/client.ts';
import {
  answer,
  type Behaviour,
  hangUp,
  hangUpInTheMiddle,
  html,
  problem,
  silence,
  stall,
  startMisbehavingServer,
} from '../test/misbehaving-server.ts';
import { USER_AGENT } from './call.ts';
import {
  ConnectionError,
  NotFound,
  PosternError,
  PreconditionFailed,
  RateLimited,
  ServerError,
  Unauthenticated,
} from './error.ts';
import { Postern } from './postern.ts';

const me = { id: 'sa_1' };
const input = { displayName: 'ci', organizationRole: 'member' as const };

describe('a request', () => {
  test('carries token, client and body, and nothing of the token in its address', async () => {
    const server = await startMisbehavingServer(answer(201, { id: 'sa_1' }));
    const { call } = testClient({ url: `${server.url}/` });
    const { body } = await call('POST /api/v1/service-accounts', { body: input, keyed: true });
    expect(body).toEqual({ id: 'sa_1' });
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        url: '/api/v1/service-accounts',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-type': 'application/json',
          'user-agent': USER_AGENT,
          'idempotency-key': expect.stringMatching(/^[0-9a-f]{48}$/),
        },
        body: JSON.stringify(input),
      },
    ]);
  });

  test('names the version that is published', () => {
    expect(USER_AGENT).toBe(`postern-sdk/${manifest.version}`);
  });

  test('takes headers and an idempotency key from its caller, but no other token', async () => {
    const server = await startMisbehavingServer(answer(201, {}));
    const { call } = testClient({ url: server.url });
    const headers = { 'User-Agent': 'deploy/7', Authorization: 'Bearer other', 'If-Match': '"3"' };
    await call(
      'POST /api/v1/service-accounts',
      { body: input, keyed: true },
      { headers, idempotencyKey: 'k'.repeat(22) },
    );
    expect(server.seen[0]?.headers).toMatchObject({
      'user-agent': 'deploy/7',
      authorization: `Bearer ${TOKEN}`,
      'if-match': '"3"',
      'idempotency-key': 'k'.repeat(22),
    });
  });

  test('writes ids and filters so that they stay what they are', async () => {
    const server = await startMisbehavingServer(answer(200, {}), answer(200, {}));
    const { call } = testClient({ url: server.url });
    await call('GET /api/v1/service-accounts/{id}', { path: { id: 'a/../b?c' } });
    await call('GET /api/v1/service-accounts', { query: { search: '50% & more', limit: 2, cursor: undefined } });
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/api/v1/service-accounts/a%2F..%2Fb%3Fc',
      '/api/v1/service-accounts?search=50%25+%26+more&limit=2',
    ]);
  });

  test.each(['', '.', '..'])('with the id %j is never sent: it would be another request', async (id) => {
    const server = await startMisbehavingServer();
    const { call } = testClient({ url: server.url });
    const name = 'DELETE /api/v1/service-accounts/{id}/tokens/{tokenId}';
    await expect(call(name, { path: { id: 'sa_1', tokenId: id } })).rejects.toThrow(
      new TypeError('tokenId is not an id'),
    );
    expect(server.seen).toEqual([]);
  });

  test('does not follow a redirect, which would carry the token away', async () => {
    const other = await startMisbehavingServer();
    const server = await startMisbehavingServer(answer(307, {}, { location: `${other.url}/api/v1/me` }));
    const { call } = testClient({ url: server.url });
    await expect(call('GET /api/v1/me', {})).rejects.toMatchObject({ code: 'client.unexpected_answer', status: 307 });
    expect(other.seen).toEqual([]);
  });
});

describe('a call is tried again', () => {
  test.each<[string, Behaviour]>([
    ['503', problem(503, 'storage.unavailable')],
    ['a commit of unknown outcome', problem(503, 'outcome_unknown')],
    ['502 from a proxy', html(502)],
    ['504 from a proxy', html(504)],
    ['a connection lost before the answer', hangUp],
    ['a connection lost in the middle of the answer', hangUpInTheMiddle],
  ])('after %s, under the same key', async (_, misbehave) => {
    const server = await startMisbehavingServer(misbehave, misbehave, answer(201, { id: 'sa_1' }));
    const { call, waits } = testClient({ url: server.url });
    const { body } = await call('POST /api/v1/service-accounts', { body: input, keyed: true });
    expect(body).toEqual({ id: 'sa_1' });
    expect(new Set(server.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(new Set(server.seen.map(({ body }) => body))).toEqual(new Set([JSON.stringify(input)]));
    expect(waits).toEqual([187.5, 375]);
  });

  test.each<[string, Behaviour, number]>([
    ['no answer', silence, 0],
    ['an answer that does not end', stall, 1],
  ])('after %s within its time', async (_, misbehave, begun) => {
    const server = await startMisbehavingServer(misbehave, answer(200, me));
    let answered = 0;
    const counting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      answered += 1;
      return response;
    };
    // The time of an attempt passes when the test says so, not when the machine is slow.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { call, waits } = testClient({ url: server.url, fetch: counting });
    const called = call('GET /api/v1/me', {}, { timeoutMs: 300 });
    await expect.poll(() => [server.seen.length, answered]).toEqual([1, begun]);
    vi.advanceTimersByTime(299);
    expect(waits).toEqual([]);
    vi.advanceTimersByTime(1);
    expect((await called).body).toEqual(me);
    expect(waits).toEqual([187.5]);
  });

  test('three times, then it fails with the last error', async () => {
    const server = await startMisbehavingServer(hangUp, html(502), problem(503, 'storage.unavailable'), hangUp);
    const { call, waits } = testClient({ url: server.url });
    await expect(call('GET /api/v1/me', {})).rejects.toThrow(ConnectionError);
    expect(server.seen).toHaveLength(4);
    expect(waits).toEqual([187.5, 375, 750]);
  });

  test('as often as its settings say', async () => {
    const server = await startMisbehavingServer(html(502));
    const { call } = testClient({ url: server.url, maxRetries: 0 });
    await expect(call('GET /api/v1/me', {})).rejects.toThrow(ServerError);
    expect(server.seen).toHaveLength(1);
  });

  test('no sooner than Retry-After says, for 429 and 503', async () => {
    const limited = problem(429, 'rate.limited', { 'retry-after': '7' });
    const unavailable = problem(503, 'storage.unavailable', { 'retry-after': '2' });
    const server = await startMisbehavingServer(limited, unavailable, answer(200, me));
    const { call, waits } = testClient({ url: server.url });
    await call('GET /api/v1/me', {});
    expect(waits).toEqual([7_125, 2_250]);
  });

  test('not after 429 without a time, nor when the wait is longer than a minute', async () => {
    const server = await startMisbehavingServer(
      problem(429, 'rate.limited'),
      problem(429, 'rate.limited', { 'retry-after': '3600' }),
    );
    const { call, waits } = testClient({ url: server.url });
    await expect(call('GET /api/v1/me', {})).rejects.toMatchObject({ retryAfterMs: null });
    const failed = call('GET /api/v1/me', {});
    await expect(failed).rejects.toThrow(RateLimited);
    await expect(failed).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
    expect(waits).toEqual([]);
  });

  test.each([400, 401, 403, 404, 409, 412, 413, 500])('not after %d', async (status) => {
    const server = await startMisbehavingServer(problem(status, 'internal'));
    const { call } = testClient({ url: server.url });
    await expect(call('GET /api/v1/me', {})).rejects.toMatchObject({ status });
    expect(server.seen).toHaveLength(1);
  });

  test('not once the caller has given up', async () => {
    const server = await startMisbehavingServer(hangUp, silence);
    const { call } = testClient({ url: server.url });
    const reason = new Error('the build was cancelled');
    const signal = AbortSignal.abort(reason);
    await expect(call('GET /api/v1/me', {}, { signal })).rejects.toBe(reason);
    expect(server.seen).toHaveLength(0);

    const controller = new AbortController();
    const pending = call('GET /api/v1/me', {}, { signal: controller.signal });
    await expect.poll(() => server.seen.length).toBe(2);
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });
});

describe('an end that may have happened already', () => {
  const name = 'DELETE /api/v1/service-accounts/{id}';
  const end = { path: { id: 'sa_1' }, ends: true };

  test.each<[string, Behaviour]>([
    ['the connection was lost', hangUp],
    ['the outcome was unknown', problem(503, 'outcome_unknown')],
    ['a proxy gave up', html(504)],
  ])('is done when %s and then there is nothing', async (_, misbehave) => {
    const server = await startMisbehavingServer(misbehave, problem(404, 'service_account.not_found'));
    const { call } = testClient({ url: server.url });
    expect(await call(name, end)).toEqual({ body: undefined, receipt: null });
  });

  test('is not done when nothing ever reached the server', async () => {
    const server = await startMisbehavingServer(
      problem(503, 'storage.unavailable'),
      problem(404, 'service_account.not_found'),
    );
    const { call } = testClient({ url: server.url });
    await expect(call(name, end)).rejects.toThrow(NotFound);
  });

  test.each<[string, Behaviour]>([
    ['the address is wrong', problem(404, 'route.not_found')],
    ['a proxy answers', html(404)],
  ])('is not done when %s', async (_, misbehave) => {
    const server = await startMisbehavingServer(hangUp, misbehave);
    const { call } = testClient({ url: server.url });
    await expect(call(name, end)).rejects.toThrow(NotFound);
  });

  test('is done for a token that ended itself and is not known any more', async () => {
    const server = await startMisbehavingServer(hangUp, problem(401, 'token.invalid'));
    const { call } = testClient({ url: server.url });
    expect(await call('DELETE /api/v1/me/token', { ends: true })).toEqual({ body: undefined, receipt: null });
  });
});

describe('under an If-Match', () => {
  const headers = { 'if-match': '"2"' };

  test('a change that may have been made is not tried again: a success has spent the version', async () => {
    const server = await startMisbehavingServer(
      hangUp,
      problem(503, 'storage.unavailable'),
      problem(412, 'precondition.failed'),
    );
    const { call } = testClient({ url: server.url });
    const name = 'PATCH /api/v1/service-accounts/{id}';
    const change = { path: { id: 'sa_1' }, body: { displayName: 'new' } };
    await expect(call(name, change, { headers })).rejects.toThrow(ConnectionError);
    await expect(call(name, change, { headers })).rejects.toThrow(PreconditionFailed);
    expect(server.seen).toHaveLength(3);
  });

  test('of what no call has answered, as an item of a list, is a mistake: nothing is sent without the condition', async () => {
    const server = await startMisbehavingServer(answer(200, { items: [{ id: 'sa_1' }] }));
    const { call } = testClient({ url: server.url });
    const { body } = await call('GET /api/v1/service-accounts', {});
    const [ifMatch] = body.items;
    const change = { path: { id: 'sa_1' }, body: { displayName: 'new' } };
    const changed = call('PATCH /api/v1/service-accounts/{id}', change, { ifMatch });
    await expect(changed).rejects.toThrow(TypeError);
    await expect(changed).rejects.toThrow('Get it by its id');
    expect(server.seen).toHaveLength(1);
  });

  test('what has a key, or ends something, is', async () => {
    const server = await startMisbehavingServer(
      hangUp,
      answer(200, { value: 'x' }),
      hangUp,
      problem(404, 'token.not_found'),
    );
    const { call } = testClient({ url: server.url });
    const path = { id: 'sa_1', tokenId: 'tok_1' };
    const url = '/api/v1/service-accounts/{id}/tokens/{tokenId}';
    await call(`POST ${url}/refresh`, { path, body: {}, keyed: true }, { headers });
    await call(`DELETE ${url}`, { path, ends: true }, { headers });
    expect(server.seen).toHaveLength(4);
  });
});

describe('what works once and has no key', () => {
  const invitation = { items: [{ email: 'ada@example.com', organizationRole: 'member' as const }] };
  const [name, given] = ['POST /api/v1/members' as const, { body: invitation as never, once: true }];

  test.each<[string, Behaviour]>([
    ['the connection was lost', hangUp],
    ['the outcome was unknown', problem(503, 'outcome_unknown')],
    ['a proxy gave up', html(504)],
  ])('is not tried again where %s: it may have been done', async (_, misbehave) => {
    const server = await startMisbehavingServer(misbehave);
    const { call } = testClient({ url: server.url });
    await expect(call(name, given)).rejects.toThrow(PosternError);
    expect(server.seen).toHaveLength(1);
  });

  test('is tried again where it cannot have been done', async () => {
    const server = await startMisbehavingServer(problem(503, 'storage.unavailable'), answer(200, { items: [] }));
    const { call } = testClient({ url: server.url });
    await call(name, given);
    expect(server.seen).toHaveLength(2);
  });

  test.each<[string, (postern: Postern) => Promise<unknown>]>([
    ['an invitation', ({ members }) => members.invite(invitation as never)],
    ['a new link of one', ({ members }) => members.resend('mem_1')],
    ['joining', ({ invitations }) => invitations.accept({} as never)],
    ['the set-up', ({ setup }) => setup.complete({} as never)],
    ['a code', ({ signIn }) => signIn.verifyCode('totp', '123456')],
    ['a backup code', ({ signIn }) => signIn.verifyCode('backup_code', 'abc')],
    ['a new password', ({ signIn }) => signIn.changePassword({ currentPassword: 'a', newPassword: 'b' })],
    ['a forgotten password', ({ signIn }) => signIn.resetPassword({ token: 'a', newPassword: 'b' })],
  ])('is %s', async (_, ask) => {
    const server = await startMisbehavingServer(html(504));
    await expect(ask(new Postern({ url: server.url, token: TOKEN }))).rejects.toMatchObject({ status: 504 });
    expect(server.seen).toHaveLength(1);
  });
});

test('a receipt is read from its header', async () => {
  const server = await startMisbehavingServer(
    answer(204, undefined, { 'postern-receipt': 'position=12, confirmed=3, expired=1, ms=4.25' }),
    answer(204, undefined, { 'postern-receipt': 'position=12' }),
  );
  const { call } = testClient({ url: server.url });
  const receipts = [await call('DELETE /api/v1/me/token', {}), await call('DELETE /api/v1/me/token', {})];
  expect(receipts.map(({ receipt }) => receipt)).toEqual([{ position: 12, confirmed: 3, expired: 1, ms: 4.25 }, null]);
});

describe('an export', () => {
  test.each(['text/html; charset=utf-8', 'application/json', 'text/csvx'])(
    'is not what is answered as %s',
    async (type) => {
      const server = await startMisbehavingServer((response) => {
        response.writeHead(200, { 'content-type': type }).end('<p>Sign in</p>');
      });
      const { call } = testClient({ url: server.url });
      await expect(call('GET /api/v1/audit-events', { exported: 'text/csv' })).rejects.toMatchObject({
        code: 'client.unexpected_answer',
        status: 200,
      });
    },
  );
});

describe('a token function', () => {
  test('is asked once for many calls', async () => {
    let asked = 0;
    const server = await startMisbehavingServer(...Array.from({ length: 3 }, () => answer(200, me)));
    const { call } = testClient({ url: server.url, token: async () => `${TOKEN}${asked++}` });
    await Promise.all([1, 2, 3].map(() => call('GET /api/v1/me', {})));
    expect(asked).toBe(1);
  });

  test('is asked again once when its value is refused', async () => {
    const values = ['old', 'new'];
    const server = await startMisbehavingServer(problem(401, 'token.invalid'), answer(200, me), answer(200, me));
    const { call, waits } = testClient({ url: server.url, token: async () => values.shift() ?? 'none' });
    await call('GET /api/v1/me', {});
    await call('GET /api/v1/me', {});
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new', 'Bearer new']);
    expect(waits).toEqual([]);
  });

  test('that has no other value leaves it at the refusal', async () => {
    const server = await startMisbehavingServer(problem(401, 'token.invalid'), problem(401, 'token.invalid'));
    const { call } = testClient({ url: server.url, token: async () => 'old' });
    await expect(call('GET /api/v1/me', {})).rejects.toThrow(Unauthenticated);
    expect(server.seen).toHaveLength(1);
  });

  test('is asked again after it failed', async () => {
    const server = await startMisbehavingServer(answer(200, me));
    let asked = 0;
    const token = async () => {
      asked += 1;
      if (asked === 1) throw new Error('the vault is sealed');
      return 'value';
    };
    const { call } = testClient({ url: server.url, token });
    await expect(call('GET /api/v1/me', {})).rejects.toThrow('the vault is sealed');
    expect((await call('GET /api/v1/me', {})).body).toEqual(me);
  });

  test('that never answers holds a call no longer than its time, and is asked again by the next one', async () => {
    const server = await startMisbehavingServer(answer(200, me));
    const values = [new Promise<string>(() => undefined), Promise.resolve('value')];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { call, waits } = testClient({ url: server.url, token: () => values.shift() ?? Promise.resolve('none') });
    const settled = Promise.allSettled([call('GET /api/v1/me', {}, { timeoutMs: 300 })]);
    await vi.advanceTimersByTimeAsync(300);
    expect(await settled).toMatchObject([
      { reason: { name: 'ConnectionError', code: 'client.timeout', status: null } },
    ]);
    expect([server.seen.length, waits.length]).toEqual([0, 0]);
    expect((await call('GET /api/v1/me', {})).body).toEqual(me);
    expect(server.seen[0]?.headers.authorization).toBe('Bearer value');
  });

  test('that never answers holds no call whose caller has given up, and is asked again by the next one', async () => {
    const server = await startMisbehavingServer(problem(401, 'token.invalid'), answer(200, me));
    const asked = Promise.withResolvers<void>();
    const values = [async () => 'old', () => new Promise<string>(() => asked.resolve()), async () => 'new'];
    const { call } = testClient({ url: server.url, token: async () => values.shift()?.() ?? 'none' });
    const controller = new AbortController();
    const reason = new Error('the build was cancelled');
    const pending = call('GET /api/v1/me', {}, { signal: controller.signal });
    await asked.promise;
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await call('GET /api/v1/me', {});
    expect(server.seen.at(-1)?.headers.authorization).toBe('Bearer new');
  });

  test('that is slow is not asked for ever anew: what comes for one who has given up is good for the others', async () => {
    const server = await startMisbehavingServer(answer(200, me), answer(200, me));
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const asked: Promise<string>[] = [];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const token = () => {
      asked.push(asked.length === 0 ? first.promise : second.promise);
      return asked.at(-1) as Promise<string>;
    };
    const { call } = testClient({ url: server.url, token, timeoutMs: 10_000 });
    for (let count = 0; count < 3; count += 1) {
      const failed = expect(call('GET /api/v1/me', {}, { timeoutMs: 300 })).rejects.toThrow(ConnectionError);
      await vi.advanceTimersByTimeAsync(300);
      await failed;
    }
    expect(asked).toHaveLength(2);
    const waiting = call('GET /api/v1/me', {});
    first.resolve('value');
    expect((await waiting).body).toEqual(me);
    await call('GET /api/v1/me', {});
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer value', 'Bearer value']);
    expect(asked).toHaveLength(2);
  });

  test('that never answers, twice, is asked again after the time of its client', async () => {
    const server = await startMisbehavingServer(answer(200, me));
    const never = new Promise<string>(() => undefined);
    const values = [never, never, Promise.resolve('value')];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const token = () => values.shift() ?? Promise.resolve('none');
    const { call } = testClient({ url: server.url, token, timeoutMs: 300 });
    for (let count = 0; count < 2; count += 1) {
      const failed = expect(call('GET /api/v1/me', {})).rejects.toThrow(ConnectionError);
      await vi.advanceTimersByTimeAsync(300);
      await failed;
    }
    expect((await call('GET /api/v1/me', {})).body).toEqual(me);
    expect(server.seen[0]?.headers.authorization).toBe('Bearer value');
  });

  test('is asked for the new value as soon as the old one is retiring, and nobody is warned', async () => {
    const values = ['old', 'new'];
    const retiring = answer(200, me, { 'postern-token': 'retiring; until=2026-11-24T12:00:00.000Z' });
    const server = await startMisbehavingServer(retiring, answer(200, me));
    const { call, warnings } = testClient({ url: server.url, token: async () => values.shift() ?? 'none' });
    await call('GET /api/v1/me', {});
    await call('GET /api/v1/me', {});
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
    expect(warnings).toEqual([]);
  });
});

test('a retiring value that stays in use is warned of once', async () => {
  const retiring = answer(200, me, { 'postern-token': 'retiring; until=2026-11-24T12:00:00.000Z' });
  for (const token of [TOKEN, async () => TOKEN]) {
    const server = await startMisbehavingServer(retiring, retiring, retiring);
    const { call, warnings } = testClient({ url: server.url, token });
    for (let count = 0; count < 3; count += 1) await call('GET /api/v1/me', {});
    expect(warnings).toEqual([
      'Postern: this client still uses the old value of a token that was refreshed. It works until 2026-11-24T12:00:00.000Z. Give it the new value.',
    ]);
  }
});
