import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { accountPath, tokenPath } from './api.ts';
import {
  BODY,
  badField,
  badRequest,
  check,
  MARK,
  misplaced,
  NEW,
  type Request,
  rows,
  server,
  useWorld,
  type World,
  world,
} from './bad-input.ts';

import { sendRaw } from './raw-request.ts';

useWorld();

const deep = (depth: number, inside: string) => `${'['.repeat(depth)}${inside}${']'.repeat(depth)}`;

rows('bodies', [
  { title: 'an unknown field', ...badField, send: { ...NEW, json: { ...BODY, displayname: MARK } } },
  {
    title: 'an unknown field with a token for a name',
    ...badField,
    send: ({ member }) => ({ ...NEW, json: { ...BODY, [member]: MARK } }),
  },
  {
    title: 'a token in a name',
    ...misplaced,
    send: ({ member }) => ({ ...NEW, json: { ...BODY, displayName: `old ${member}` } }),
  },
  {
    title: 'a token for an externalId',
    ...misplaced,
    send: ({ member }) => ({ ...NEW, json: { ...BODY, externalId: member } }),
  },
  {
    title: 'a token in a description',
    ...misplaced,
    send: ({ account, token, member }) => ({
      method: 'PATCH',
      target: tokenPath(account, token),
      json: { description: `it was ${member}.` },
    }),
  },
  { title: 'a missing field', ...badField, send: { ...NEW, json: { displayName: MARK } } },
  { title: 'a number for a text', ...badField, send: { ...NEW, json: { ...BODY, displayName: 7 } } },
  { title: 'true for a text', ...badField, send: { ...NEW, json: { ...BODY, displayName: true } } },
  { title: 'a list for a text', ...badField, send: { ...NEW, json: { ...BODY, displayName: [MARK] } } },
  { title: 'an object for a text', ...badField, send: { ...NEW, json: { ...BODY, displayName: { toString: MARK } } } },
  { title: 'null for a text', ...badField, send: { ...NEW, json: { ...BODY, displayName: null } } },
  { title: 'another organization role', ...badField, send: { ...NEW, json: { ...BODY, organizationRole: MARK } } },
  {
    title: 'an organization role in another case',
    ...badField,
    send: { ...NEW, json: { ...BODY, organizationRole: 'Admin' } },
  },
  {
    title: 'a list of an organization role',
    ...badField,
    send: { ...NEW, json: { ...BODY, organizationRole: ['admin'] } },
  },
  {
    title: 'an own field __proto__',
    ...badRequest,
    send: {
      ...NEW,
      body: `{"displayName":"${MARK}","organizationRole":"member","__proto__":{"organizationRole":"admin"}}`,
    },
  },
  {
    title: 'an own field __proto__, escaped',
    ...badRequest,
    send: { ...NEW, body: `{"displayName":"${MARK}","organizationRole":"member","\\u005f_proto__":{"x":1}}` },
  },
  {
    title: 'a constructor with a prototype',
    ...badRequest,
    send: { ...NEW, body: `{"displayName":"${MARK}","organizationRole":"member","constructor":{"prototype":{"x":1}}}` },
  },
  { title: 'a field constructor', ...badField, send: { ...NEW, json: { ...BODY, constructor: MARK } } },
  { title: 'a field toString', ...badField, send: { ...NEW, json: { ...BODY, toString: MARK } } },
  { title: 'a list', ...badField, send: { ...NEW, json: [BODY] } },
  { title: 'a text', ...badField, send: { ...NEW, json: MARK } },
  { title: 'a number', ...badField, send: { ...NEW, json: 7 } },
  { title: 'null', ...badField, send: { ...NEW, json: null } },
  {
    title: 'null where a body may be left out',
    ...badField,
    send: ({ account, token }) => ({ method: 'POST', target: tokenPath(account, token, '/refresh'), json: null }),
  },
  {
    title: 'null where there is none',
    ...badField,
    send: ({ account }) => ({ method: 'POST', target: accountPath(account, '/disable'), json: null }),
  },
  { title: 'none at all', ...badField, send: NEW },
  { title: 'no bytes, though they are called JSON', ...badField, send: { ...NEW, body: '' } },
  { title: 'blanks', ...badRequest, send: { ...NEW, body: '   ' } },
  { title: 'half of the JSON', ...badRequest, send: { ...NEW, body: `{"displayName":"${MARK}"` } },
  { title: 'JSON and more', ...badRequest, send: { ...NEW, body: `${JSON.stringify(BODY)}${MARK}` } },
  { title: 'single quotes', ...badRequest, send: { ...NEW, body: `{'displayName':'${MARK}'}` } },
  { title: 'NaN', ...badRequest, send: { ...NEW, body: `{"displayName":NaN}` } },
  { title: 'a comma at the end', ...badRequest, send: { ...NEW, body: `{"displayName":"${MARK}",}` } },
  {
    title: 'invalid UTF-8',
    ...badRequest,
    send: {
      ...NEW,
      body: Buffer.concat([
        Buffer.from(`{"displayName":"${MARK}`),
        Buffer.from([0xff, 0xc0]),
        Buffer.from('","organizationRole":"member"}'),
      ]),
    },
  },
  { title: 'UTF-16', ...badRequest, send: { ...NEW, body: Buffer.from(JSON.stringify(BODY), 'utf16le') } },
  {
    title: 'a compressed body',
    ...badRequest,
    send: { ...NEW, headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(JSON.stringify(BODY)) },
  },
  {
    title: 'lists in lists, 30,000 deep',
    ...badField,
    send: { ...NEW, body: `{"displayName":${deep(30_000, '1')},"organizationRole":"member"}` },
  },
  {
    title: 'lists in lists, 30,000 deep, around __proto__',
    ...badRequest,
    send: { ...NEW, body: `{"displayName":${deep(30_000, '{"__proto__":1}')},"organizationRole":"member"}` },
  },
  {
    title: '5,000 unknown fields',
    ...badField,
    send: { ...NEW, json: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, 1])) },
  },
  {
    title: '64 KiB and one byte',
    status: 413,
    code: 'request.too_large',
    send: { ...NEW, body: JSON.stringify(BODY).padEnd(65_537) },
  },
  {
    title: '64 KiB and one byte in chunks',
    status: 413,
    code: 'request.too_large',
    send: {
      ...NEW,
      headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked', 'Content-Length': undefined },
      body: `10001\r\n${' '.repeat(65_537)}\r\n0\r\n\r\n`,
    },
  },
  {
    title: 'a length of a terabyte',
    status: 413,
    code: 'request.too_large',
    send: { ...NEW, headers: { 'Content-Type': 'application/json', 'Content-Length': '1099511627776' } },
  },
  {
    title: 'text/plain',
    status: 415,
    code: 'request.media_type',
    send: { ...NEW, json: BODY, headers: { 'Content-Type': 'text/plain' } },
  },
  {
    title: 'a form',
    status: 415,
    code: 'request.media_type',
    send: { ...NEW, body: `displayName=${MARK}`, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
  },
  {
    title: 'a multipart form',
    status: 415,
    code: 'request.media_type',
    send: { ...NEW, body: MARK, headers: { 'Content-Type': 'multipart/form-data; boundary=x' } },
  },
  {
    title: 'a media type that is none',
    status: 415,
    code: 'request.media_type',
    send: { ...NEW, json: BODY, headers: { 'Content-Type': MARK } },
  },
  {
    title: 'a body without a media type',
    status: 415,
    code: 'request.media_type',
    send: { ...NEW, json: BODY, headers: { 'Content-Type': undefined } },
  },
  { title: 'two lengths', ...badRequest, send: { ...NEW, json: BODY, lines: ['Content-Length: 5'] } },
  { title: 'a length and chunks', ...badRequest, send: { ...NEW, json: BODY, lines: ['Transfer-Encoding: chunked'] } },
  { title: 'a negative length', ...badRequest, send: { ...NEW, json: BODY, headers: { 'Content-Length': '-1' } } },
  {
    title: 'a length that is no number',
    ...badRequest,
    send: { ...NEW, json: BODY, headers: { 'Content-Length': '0x10' } },
  },
  {
    title: 'a chunk whose size is no number',
    ...badRequest,
    send: {
      ...NEW,
      headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
      body: `zz\r\n${MARK}\r\n0\r\n\r\n`,
    },
  },
  {
    title: 'a body where none is taken',
    ...badField,
    send: ({ account }) => ({ method: 'POST', target: accountPath(account, '/enable'), json: { force: MARK } }),
  },
  {
    title: 'a list where no body is taken',
    ...badField,
    send: ({ account }) => ({ method: 'DELETE', target: accountPath(account), json: [MARK] }),
  },
]);

describe('bodies that are as they must be', () => {
  const same = (world: World) => JSON.stringify({ displayName: world.account.displayName });
  test.for<[string, (world: World) => Request]>([
    ['64 KiB', (world) => ({ body: same(world).padEnd(65_536) })],
    [
      'chunks',
      (world) => ({
        headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked', 'Content-Length': undefined },
        body: [...same(world)]
          .map((character) => `1\r\n${character}\r\n`)
          .join('')
          .concat('0\r\n\r\n'),
      }),
    ],
    ['a charset', (world) => ({ headers: { 'Content-Type': 'Application/JSON; charset=UTF-8' }, body: same(world) })],
    ['an Expect header', (world) => ({ headers: { Expect: 'something' }, body: same(world) })],
  ])('200 %s', async ([, send]) => {
    await check({
      title: '',
      status: 200,
      send: (world) => ({ method: 'PATCH', target: accountPath(world.account), ...send(world) }),
    });
  });
});

test('a request inside a body that was refused is not a request', async () => {
  const inside = `GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.admin}\r\n\r\n`;
  const bodies = [inside, inside.padEnd(70_000)];
  for (const credential of [`Bearer ${world.admin}`, 'Bearer x', undefined]) {
    for (const type of ['application/json', 'text/plain']) {
      for (const body of bodies) {
        const outer = [
          `POST ${NEW.target} HTTP/1.1`,
          'Host: 127.0.0.1',
          ...(credential === undefined ? [] : [`Authorization: ${credential}`]),
          `Content-Type: ${type}`,
          `Content-Length: ${body.length}`,
          '\r\n',
        ].join('\r\n');
        const last = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';
        const answer = await sendRaw(server.url, outer, body, last);
        expect([400, 401, 413, 415]).toContain(answer.status);
        // What followed on the connection was answered, or the connection was closed: never the one inside.
        const statuses = answer.text.match(/HTTP\/1\.1 (\d+)/g) ?? [];
        expect(statuses.length).toBeLessThanOrEqual(1);
        expect(answer.text).not.toContain('displayName');
      }
    }
  }
});
