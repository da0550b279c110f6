import { randomBytes } from 'node:crypto';
import { mintTokenValue } from '@postern/core';
import { describe, expect, test } from 'vitest';
import { ACCOUNTS, accountPath, eventually } from './api.ts';
import {
  ambiguous,
  badField,
  bytesOf,
  check,
  invalid,
  MARK,
  malformed,
  misplaced,
  NEW,
  noToken,
  type Request,
  rows,
  server,
  UNKNOWN_ACCOUNT,
  UNKNOWN_TOKEN,
  useWorld,
  type World,
  withAuthorization,
  world,
} from './bad-input.ts';
import { headerOf, type RawAnswer, sendRaw } from './raw-request.ts';

useWorld();

/** Another letter where the value has one, in the other case. */
function flipCase(value: string): string {
  const at = value.slice(4).search(/[A-Za-z]/) + 4;
  const letter = value.charAt(at);
  const flipped = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return value.slice(0, at) + flipped + value.slice(at + 1);
}

/** A value whose checksum is wrong: its last character is another one. */
function wrongChecksum(value: string): string {
  return value.slice(0, -1) + (value.endsWith('0') ? '1' : '0');
}

rows('credentials', [
  {
    title: 'without any',
    status: 401,
    code: 'credentials.missing',
    send: { headers: { Authorization: undefined } },
    answers: { 'www-authenticate': 'Bearer realm="postern"' },
  },
  { title: 'an empty header', ...malformed, send: withAuthorization('') },
  { title: 'a scheme alone', ...malformed, send: withAuthorization('Bearer') },
  { title: 'a value alone', ...malformed, send: ({ admin }) => withAuthorization(admin) },
  { title: 'another scheme', ...malformed, send: ({ admin }) => withAuthorization(`Token ${admin}`) },
  {
    title: 'HTTP Basic, which only introspection understands',
    ...malformed,
    send: ({ account, member }) =>
      withAuthorization(`Basic ${Buffer.from(`${account.id}:${member}`).toString('base64')}`),
  },
  { title: 'one byte', ...malformed, send: withAuthorization('x') },
  { title: 'one byte after the scheme', ...malformed, send: withAuthorization('Bearer x') },
  { title: 'text that is no token', ...malformed, send: withAuthorization(`Bearer ${MARK}`) },
  { title: 'a tab for a space', ...malformed, send: ({ admin }) => withAuthorization(`Bearer\t${admin}`) },
  { title: 'a value with a space in it', ...malformed, send: ({ admin }) => withAuthorization(`Bearer ${admin} x`) },
  { title: 'a value in quotes', ...malformed, send: ({ admin }) => withAuthorization(`Bearer "${admin}"`) },
  { title: 'a value and one character', ...malformed, send: ({ admin }) => withAuthorization(`Bearer ${admin}0`) },
  {
    title: 'a value without its last character',
    ...malformed,
    send: ({ admin }) => withAuthorization(`Bearer ${admin.slice(0, -1)}`),
  },
  { title: 'a value with an equals sign', ...malformed, send: ({ admin }) => withAuthorization(`Bearer ${admin}=`) },
  { title: 'a wrong checksum', ...malformed, send: ({ admin }) => withAuthorization(`Bearer ${wrongChecksum(admin)}`) },
  {
    title: 'a letter in the other case',
    ...malformed,
    send: ({ admin }) => withAuthorization(`Bearer ${flipCase(admin)}`),
  },
  {
    title: 'a prefix in upper case',
    ...malformed,
    send: ({ admin }) => withAuthorization(`Bearer PST_${admin.slice(4)}`),
  },
  {
    title: 'two values, joined by a comma',
    ...malformed,
    send: ({ admin }) => withAuthorization(`Bearer ${admin}, Bearer ${admin}`),
  },
  {
    title: 'non-ASCII characters',
    ...malformed,
    send: ({ admin }) => ({
      headers: { Authorization: undefined },
      lines: [Buffer.from(`Authorization: Bearer ${admin.slice(0, -1)}\xe9`, 'latin1')],
    }),
  },
  {
    title: 'full-width digits in UTF-8',
    ...malformed,
    send: ({ admin }) => ({
      headers: { Authorization: undefined },
      lines: [`Authorization: Bearer ${admin.slice(0, -1)}０`],
    }),
  },
  {
    title: 'a NUL',
    status: 400,
    code: 'request.malformed',
    send: ({ admin }) => withAuthorization(`Bearer ${admin}\0`),
  },
  {
    title: 'a lone carriage return',
    status: 400,
    code: 'request.malformed',
    send: ({ admin }) => withAuthorization(`Bearer\r${admin}`),
  },
  {
    title: 'a folded header',
    status: 400,
    code: 'request.malformed',
    send: ({ admin }) => ({ headers: { Authorization: undefined }, lines: ['Authorization: Bearer', ` ${admin}`] }),
  },
  {
    title: 'a header of 10 kB',
    status: 431,
    code: 'request.headers_too_large',
    send: withAuthorization(`Bearer ${MARK.repeat(1_000)}`),
  },
  {
    title: '500 headers, more than 8 KiB together',
    status: 431,
    code: 'request.headers_too_large',
    send: { lines: Array.from({ length: 500 }, (_, index) => `X-Header-${index}: ${MARK}`) },
  },
  { title: 'two headers', ...ambiguous, send: ({ admin }) => ({ lines: [`Authorization: Bearer ${admin}`] }) },
  {
    title: 'two headers in different case',
    ...ambiguous,
    send: ({ admin }) => ({ lines: [`aUTHORIZATION: Bearer ${admin}`] }),
  },
  {
    title: 'two headers, the first one empty',
    ...ambiguous,
    send: ({ admin }) => ({ headers: { Authorization: '' }, lines: [`Authorization: Bearer ${admin}`] }),
  },
  {
    title: 'a session cookie beside the header',
    ...ambiguous,
    send: { headers: { Cookie: `a=b; postern_session=${MARK}` } },
  },
  {
    title: 'a __Host- session cookie beside the header',
    ...ambiguous,
    send: { headers: { Cookie: `__Host-postern_session=${MARK}` } },
  },
  {
    title: 'a token in the query',
    ...misplaced,
    send: ({ member }) => ({ target: `/api/v1/me?access_token=${member}` }),
  },
  {
    title: 'a token in the query, percent-encoded',
    ...misplaced,
    send: ({ member }) => ({ target: `/api/v1/me?t=%70st_${member.slice(4)}` }),
  },
  {
    title: 'a token in the query of a path that does not exist',
    ...misplaced,
    send: ({ member }) => ({ target: `/nowhere?t=${member}` }),
  },
  {
    title: 'a token in the query and none in a header',
    ...misplaced,
    send: ({ member }) => ({ target: `/api/v1/me?access_token=${member}`, headers: { Authorization: undefined } }),
  },
  {
    title: 'a token in the path',
    ...misplaced,
    send: ({ member }) => ({ target: `/api/v1/service-accounts/${member}` }),
  },
  {
    title: 'a token for a search',
    ...misplaced,
    send: ({ member }) => ({ target: `/api/v1/tokens?search=${member}` }),
  },
  {
    title: 'an unknown value',
    ...invalid,
    send: () => withAuthorization(`Bearer ${mintTokenValue(randomBytes).reveal()}`),
  },
  { title: 'an expired value', ...invalid, send: ({ expired }) => withAuthorization(`Bearer ${expired}`) },
  { title: 'a deleted token', ...invalid, send: ({ deleted }) => withAuthorization(`Bearer ${deleted}`) },
  {
    title: 'the old value of a refreshed token',
    ...invalid,
    send: ({ retired }) => withAuthorization(`Bearer ${retired}`),
  },
  {
    title: 'a token of a disabled account',
    ...invalid,
    send: ({ disabled }) => withAuthorization(`Bearer ${disabled}`),
  },
  {
    title: 'HEAD with an unknown value',
    ...invalid,
    send: () => ({ method: 'HEAD', ...withAuthorization(`Bearer ${mintTokenValue(randomBytes).reveal()}`) }),
  },
]);

test('unknown, expired, deleted, refreshed and disabled are one and the same answer', async () => {
  const values = [world.expired, world.deleted, world.retired, world.disabled, mintTokenValue(randomBytes).reveal()];
  const answers = await Promise.all(
    values.map((value) => sendRaw(server.url, ...bytesOf(withAuthorization(`Bearer ${value}`)))),
  );
  const without = ({ status, headers, text }: RawAnswer) => ({
    status,
    headers: headers.filter(([name]) => name !== 'x-request-id' && name !== 'date'),
    text: text.replace(/req_[0-9a-z]{26}/, ''),
  });
  for (const answer of answers) expect(without(answer)).toEqual(without(answers[0] as RawAnswer));
});

describe('credentials that are as they must be', () => {
  test.for<[string, (world: World) => Request]>([
    ['a scheme in lower case', ({ admin }) => withAuthorization(`bearer ${admin}`)],
    ['a scheme in upper case', ({ admin }) => withAuthorization(`BEARER ${admin}`)],
    ['two spaces', ({ admin }) => withAuthorization(`Bearer  ${admin}`)],
    [
      'a header name in lower case',
      ({ admin }) => ({ headers: { Authorization: undefined }, lines: [`authorization: Bearer ${admin}`] }),
    ],
    ['another cookie beside it', () => ({ headers: { Cookie: 'theme=dark; not_postern_session_at_all=1' } })],
    ['HTTP/1.0', ({ admin }) => ({ raw: [`GET /api/v1/me HTTP/1.0\r\nAuthorization: Bearer ${admin}\r\n\r\n`] })],
    ['the absolute form of the target', () => ({ target: 'http://127.0.0.1/api/v1/me' })],
    [
      'method override headers, which are ignored',
      () => ({
        headers: { 'X-HTTP-Method-Override': 'DELETE', 'X-Method-Override': 'DELETE', 'X-HTTP-Method': 'DELETE' },
        target: '/api/v1/me',
      }),
    ],
    ['a body on GET, which is ignored', () => ({ body: `{"${MARK}":1}` })],
  ])('200 %s', async ([, send]) => {
    await check({ title: '', status: 200, send });
  });
});

const asMember = ({ member }: World) => ({ Authorization: `Bearer ${member}` });
const forbidden = { status: 403, code: 'permission.missing' } as const;

rows('the order of checks', [
  {
    title: 'a bad credential before a bad body',
    ...malformed,
    send: { ...NEW, body: '{', headers: withAuthorization('Bearer x').headers ?? {} },
  },
  {
    title: 'a bad credential before a body that is too large',
    ...malformed,
    send: { ...NEW, body: ' '.repeat(70_000), headers: withAuthorization('Bearer x').headers ?? {} },
  },
  {
    title: 'a bad body before a missing permission',
    ...badField,
    send: (world) => ({ ...NEW, json: { typo: MARK }, headers: asMember(world) }),
  },
  {
    title: 'a missing permission before an unknown id',
    ...forbidden,
    send: (world) => ({ target: `${ACCOUNTS}/${UNKNOWN_ACCOUNT}`, headers: asMember(world) }),
  },
  {
    title: 'a missing permission before an unknown id, for a mutation',
    ...forbidden,
    send: (world) => ({ method: 'DELETE', target: `${ACCOUNTS}/${UNKNOWN_ACCOUNT}`, headers: asMember(world) }),
    audit: ['service_account.delete: refused permission.missing'],
  },
  {
    title: 'an unknown id before a stale version',
    ...noToken,
    send: ({ account }) => ({
      method: 'DELETE',
      target: accountPath(account, `/tokens/${UNKNOWN_TOKEN}`),
      headers: { 'If-Match': '"9"' },
    }),
    audit: ['token.delete: refused token.not_found'],
  },
]);

test('429 only who fails is throttled: with Retry-After, and a valid token from the same address is not', async () => {
  const from = { 'X-Forwarded-For': '198.51.100.7' };
  const bad = () => sendRaw(server.url, ...bytesOf({ headers: { Authorization: 'Bearer x', ...from } }));
  let limited: RawAnswer | undefined;
  await eventually(
    'the address is throttled',
    async () => {
      const answer = await bad();
      if (answer.status === 429) limited = answer;
      else expect(answer.status).toBe(401);
      return limited !== undefined;
    },
    { pauseMs: 0 },
  );
  expect(Number(headerOf(limited as RawAnswer, 'retry-after'))).toBeGreaterThanOrEqual(1);
  expect(JSON.parse((limited as RawAnswer).text)).toMatchObject({ status: 429, code: 'rate.limited' });
  await check({ title: '', status: 200, send: { headers: from } });
  await check({
    title: '',
    ...malformed,
    send: { headers: { Authorization: 'Bearer x', 'X-Forwarded-For': '198.51.100.8' } },
  });
});
