import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { TOKEN, testClient } from '../test/client.ts';
import { answer, type Behaviour, hangUp, html, problem, startMisbehavingServer } from '../test/misbehaving-server.ts';
import {
  Conflict,
  ConnectionError,
  InvalidRequest,
  NotFound,
  PermissionDenied,
  PosternError,
  PreconditionFailed,
  RateLimited,
  ServerError,
  SettingsError,
  Unauthenticated,
} from './error.ts';

async function failure(behaviour: Behaviour, settings = {}): Promise<unknown> {
  const server = await startMisbehavingServer(behaviour);
  const { call } = testClient({ url: server.url, maxRetries: 0, ...settings });
  return call('POST /api/v1/tokens/verify', { body: { token: TOKEN } }, { headers: { 'x-secret': 'sesame' } }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('an error', () => {
  test.each<[number, typeof PosternError]>([
    [400, InvalidRequest],
    [401, Unauthenticated],
    [403, PermissionDenied],
    [404, NotFound],
    [405, PosternError],
    [409, Conflict],
    [412, PreconditionFailed],
    [413, PosternError],
    [429, RateLimited],
    [500, ServerError],
    [503, ServerError],
  ])('of status %d is a %o and a PosternError', async (status, Kind) => {
    const error = await failure(problem(status, 'internal'));
    expect(error).toBeInstanceOf(Kind);
    expect(error).toBeInstanceOf(PosternError);
    expect(error).toMatchObject({ name: Kind.name, status, code: 'internal', requestId: 'req_1' });
  });

  test('says in one line what the server said', async () => {
    const error = await failure(
      answer(400, {
        title: 'The request has fields that are not valid.',
        code: 'request.invalid',
        errors: [
          { path: '/name', message: 'must not be empty' },
          { path: '', message: 'must be an object' },
          'nonsense',
        ],
        requestId: 'req_7',
      }),
    );
    expect(String(error)).toBe(
      'InvalidRequest: The request has fields that are not valid. /name must not be empty. The body must be an object. (request.invalid, req_7)',
    );
    expect(error).toMatchObject({ detail: null, errors: [{ path: '/name' }, { path: '' }] });
  });

  test('of a missing permission names it', async () => {
    const error = await failure(
      answer(403, { title: 'No.', code: 'permission.missing', permission: 'token.introspect', requestId: 'req_1' }),
    );
    expect(error).toMatchObject({ code: 'permission.missing', missing: 'token.introspect' });
  });

  test('from something that is not Postern says so', async () => {
    expect(String(await failure(html(502)))).toBe(
      'ServerError: What answered (status 502) is not Postern. Is the address right, and what stands before it? (client.unexpected_answer)',
    );
    expect(await failure(html(200))).toMatchObject({ code: 'client.unexpected_answer', status: 200 });
  });

  test('of a connection names where to, and the reason', async () => {
    const refused = await failure(hangUp, { url: 'http://127.0.0.1:1' });
    expect(String(refused)).toMatch(
      /^ConnectionError: Postern at http:\/\/127\.0\.0\.1:1 cannot be reached( \(E[A-Z]+\))?\. \(client\.connection\)$/,
    );
  });

  test.each<[string, Behaviour]>([
    ['a refusal', problem(403, 'permission.missing')],
    ['a lost connection', hangUp],
    ['a foreign answer', html(200)],
  ])('holds no header and no body: %s', async (_, behaviour) => {
    const error = await failure(behaviour);
    const printed = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), String(error)].join();
    for (const secret of [TOKEN, 'sesame', 'Bearer', '<h1>']) expect(printed).not.toContain(secret);
  });

  test('that a fetch of the caller throws takes nothing of the request along', async () => {
    const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
      throw Object.assign(new TypeError(`failed with ${JSON.stringify([...new Headers(init?.headers)])}`), { init });
    };
    const error = await failure(hangUp, { fetch });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN);
    expect(error).toBeInstanceOf(ConnectionError);
  });

  test.each(['', 'two words', 'line\nbreak', 'naïve'])(
    'of a token that no header can carry does not print it',
    async (token) => {
      const error = await failure(hangUp, { token: async () => token });
      expect(error).toBeInstanceOf(SettingsError);
      if (token) expect(inspect(error)).not.toContain(token);
    },
  );
});
