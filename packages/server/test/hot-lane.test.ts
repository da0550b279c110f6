import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FORWARD_AUTH_METHODS } from '../src/forward-auth-lane.ts';
import {
  type Client,
  callExpecting,
  createAccount,
  createToken,
  eventually,
  type IssuedToken,
  refreshToken,
  tokenPath,
} from './api.ts';
import { ENGINES, startPostern, type TestServer } from './postern.ts';
import { type RawAnswer, sendRaw } from './raw-request.ts';

/**
 * Plain requests to hot routes take a lane of their own, over plain connections or Node's. None must be told apart: each
 * request is sent three times, once plainly, once with a header that means nothing and comes twice, which Node has to read,
 * and once with one (a cookie, mostly) that takes it the long way, and the answers are compared.
 */

type Way = 'plain' | 'node' | 'long';
const WAYS: readonly Way[] = ['plain', 'node', 'long'];

interface Case {
  readonly title: string;
  readonly status: number;
  readonly method?: string;
  readonly target: string;
  readonly authorization: string;
  readonly type?: string;
  readonly body?: string;
  /** The header that takes it the long way. */
  readonly detour?: string;
}

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let admin: Client;
  let member: IssuedToken;
  let retiring: IssuedToken;
  let deleted: IssuedToken;
  let organizationId: string;

  beforeAll(async () => {
    server = await startPostern(engine);
    admin = server.admin;
    const me = await callExpecting<{ organization: { id: string } }>(200, admin, 'GET', '/api/v1/me');
    organizationId = me.body.organization.id;
    const account = await createAccount(admin);
    member = await createToken(admin, account);
    retiring = await createToken(admin, account);
    await refreshToken(admin, account, retiring.token, { overlapSeconds: 600 });
    deleted = await createToken(admin, account);
    await callExpecting(204, admin, 'DELETE', tokenPath(account, deleted.token));
  });
  afterAll(async () => {
    await server?.stop();
  });

  function send({ method, target, authorization, type, body, detour }: Case, way: Way): Promise<RawAnswer> {
    const lines = [
      `${method ?? (body === undefined ? 'GET' : 'POST')} ${target} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      'User-Agent: twin',
      `Authorization: ${authorization}`,
      ...(way === 'long' ? [detour ?? 'Cookie: theme=dark'] : []),
      ...(way === 'node' ? ['X-Twice: a', 'X-Twice: b'] : []),
      ...(body === undefined ? [] : [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`]),
    ];
    return sendRaw(server.url, `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
  }

  function withoutItsOwn({ status, headers, text }: RawAnswer): unknown {
    return {
      status,
      headers: headers.filter(([name]) => name !== 'x-request-id' && name !== 'date').toSorted(),
      text: text.replaceAll(/req_\w+/g, 'req_…'),
    };
  }

  const JSON_TYPE = 'application/json';
  const FORM_TYPE = 'application/x-www-form-urlencoded';
  const cases: (() => Case[])[] = [
    () => {
      const target = '/api/v1/me';
      return [
        { title: 'me', status: 200, target, authorization: `Bearer ${admin.token}` },
        { title: 'me, with an old value', status: 200, target, authorization: `bearer  ${retiring.value}` },
        { title: 'me, deleted', status: 401, target, authorization: `Bearer ${deleted.value}` },
        { title: 'me, malformed', status: 401, target, authorization: 'Bearer pst_' },
        { title: 'me, with HTTP Basic', status: 401, target, authorization: 'Basic YTpi' },
      ];
    },
    () => {
      const verify = { target: '/api/v1/tokens/verify', authorization: `Bearer ${admin.token}`, type: JSON_TYPE };
      const body = (fields: object) => JSON.stringify({ token: member.value, ...fields });
      return [
        { title: 'verify', status: 200, ...verify, body: body({}) },
        {
          title: 'verify, a charset named',
          status: 200,
          ...verify,
          type: `${JSON_TYPE}; charset=utf-8`,
          body: body({}),
        },
        { title: 'verify, a permission', status: 200, ...verify, body: body({ permission: 'token.read' }) },
        {
          title: 'verify, all told',
          status: 200,
          ...verify,
          body: body({ clientAddress: '192.0.2.1', userAgent: 'é' }),
        },
        { title: 'verify, an old value', status: 200, ...verify, body: body({ token: retiring.value }) },
        { title: 'verify, deleted', status: 200, ...verify, body: body({ token: deleted.value }) },
        { title: 'verify, no token', status: 400, ...verify, body: '{}' },
        { title: 'verify, an unknown field', status: 400, ...verify, body: body({ tokn: 'x' }) },
        { title: 'verify, a list', status: 400, ...verify, body: '[]' },
        { title: 'verify, no JSON', status: 400, ...verify, body: '{"token":' },
        { title: 'verify, a prototype', status: 400, ...verify, body: '{"__proto__":{},"token":"x"}' },
        { title: 'verify, no address', status: 400, ...verify, body: body({ clientAddress: 'here' }) },
        { title: 'verify, nearly an address', status: 400, ...verify, body: body({ clientAddress: '1.2.3.4::' }) },
        {
          title: 'verify, not allowed',
          status: 403,
          ...verify,
          authorization: `Bearer ${member.value}`,
          body: body({}),
        },
        { title: 'verify, a body too large', status: 413, ...verify, body: ' '.repeat(70_000) },
        { title: 'verify, another type', status: 415, ...verify, type: 'text/plain', body: body({}) },
      ];
    },
    () => {
      const introspect = { target: '/oauth2/introspect', authorization: `Bearer ${admin.token}`, type: FORM_TYPE };
      return [
        { title: 'introspect', status: 200, ...introspect, body: `token=${member.value}` },
        { title: 'introspect, deleted', status: 200, ...introspect, body: `token=${deleted.value}` },
        { title: 'introspect, no token', status: 400, ...introspect, body: 'a=b' },
        { title: 'introspect, twice', status: 400, ...introspect, body: 'token=a&token=b' },
        {
          title: 'introspect, unknown caller',
          status: 401,
          ...introspect,
          authorization: 'Basic YTpi',
          body: 'token=a',
        },
        {
          title: 'introspect, not allowed',
          status: 403,
          ...introspect,
          authorization: `Bearer ${member.value}`,
          body: 'token=a',
        },
      ];
    },
    () => {
      const target = `/forward-auth?organization=${organizationId}`;
      const forward = { target, authorization: `Bearer ${member.value}`, detour: 'Expect: nothing' };
      const denied = { ...forward, target: `${target}&permission=workspace.create` };
      return [
        // A lane is there for questions that were answered with 200 once.
        { title: 'forward-auth', status: 200, ...forward },
        { title: 'forward-auth again', status: 200, ...forward },
        { title: 'forward-auth, an old value', status: 200, ...forward, authorization: `Bearer ${retiring.value}` },
        { title: 'forward-auth, deleted', status: 401, ...forward, authorization: `Bearer ${deleted.value}` },
        { title: 'forward-auth, malformed', status: 401, ...forward, authorization: 'Bearer pst_' },
        { title: 'forward-auth, with HTTP Basic', status: 401, ...forward, authorization: 'Basic YTpi' },
        { title: 'forward-auth, two', status: 400, ...forward, authorization: `Bearer a\r\nAuthorization: Bearer b` },
        { title: 'forward-auth, denied, never asked before', status: 403, ...denied },
        { title: 'forward-auth, allowed', status: 200, ...denied, authorization: `Bearer ${admin.token}` },
        { title: 'forward-auth, denied', status: 403, ...denied },
        {
          title: 'forward-auth, a body of no known type',
          status: 200,
          ...forward,
          method: 'POST',
          type: 'json',
          body: '',
        },
        ...FORWARD_AUTH_METHODS.map((method) => ({
          title: `forward-auth, ${method}`,
          status: 200,
          ...forward,
          method,
        })),
      ];
    },
  ];

  test('a request is answered alike, whichever way it goes', async () => {
    for (const each of cases.flatMap((list) => list())) {
      const answers: unknown[] = [];
      for (const way of WAYS) {
        const answer = await send(each, way);
        expect([each.title, answer.status]).toEqual([each.title, each.status]);
        answers.push(withoutItsOwn(answer));
      }
      expect([each.title, ...answers]).toEqual([each.title, answers[0], answers[0], answers[0]]);
    }
  });

  test('all ways leave one line each in the log, with the same route, caller and reason', async () => {
    const ofVerify = async () =>
      (await server.output()).split('\n').filter((line) => line.includes('"route":"/api/v1/tokens/verify"'));
    const expected = WAYS.length * (cases[1]?.().length ?? 0);
    // Lines are written in batches.
    await eventually('every request has its line', async () => (await ofVerify()).length === expected);
    const told = (await ofVerify()).map((line) => {
      const { level, method, route, status, principal, code, reason } = JSON.parse(line);
      return JSON.stringify({ level, method, route, status, principal, code, reason });
    });
    // Sent one after the other.
    const [plain, node, long] = WAYS.map((_, way) => told.filter((__, index) => index % WAYS.length === way));
    expect(plain).toEqual(long);
    expect(node).toEqual(long);
  });

  test('a request that is broken off before its body leaves a line, too', async () => {
    const target = '/oauth2/introspect';
    const authorization = `Bearer ${member.value}`;
    const ofIt = async () =>
      (await server.output())
        .split('\n')
        .filter((line) => line.includes('"code":"request.malformed"') && line.includes(target));
    const { hostname, port } = new URL(server.url);
    for (const [turn, own] of ['X-Twice: a\r\nX-Twice: b', 'Cookie: theme=dark'].entries()) {
      const head = `POST ${target} HTTP/1.1\r\nHost: h\r\nAuthorization: ${authorization}\r\n${own}\r\n`;
      const socket = connect(Number(port), hostname);
      // Only once all of the head has been read does it wait for the body.
      socket.write(
        `GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n${head}Content-Type: ${FORM_TYPE}\r\nContent-Length: 9\r\n\r\n`,
      );
      await once(socket, 'data');
      socket.resetAndDestroy();
      await eventually('it has its line', async () => (await ofIt()).length === turn + 1);
    }
    const told = (await ofIt()).map((line) => {
      const { level, method, route, status, principal, code } = JSON.parse(line);
      return { level, method, route, status, principal, code };
    });
    expect(told[0]).toMatchObject({ route: target, status: 400, principal: expect.stringMatching(/^sa_/) });
    expect(told[0]).toEqual(told[1]);
  });
});
