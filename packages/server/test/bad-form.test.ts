import { randomBytes } from 'node:crypto';
import { mintTokenValue } from '@postern/core';
import { test } from 'vitest';
import { check, MARK, rows, useWorld, withAuthorization, world } from './bad-input.ts';

useWorld();

const form = (body: string | Uint8Array, headers: Record<string, string | undefined> = {}) =>
  ({
    method: 'POST',
    target: '/oauth2/introspect',
    body,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  }) as const;
const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const badForm = { status: 400, code: 'invalid_request' } as const;

rows('introspection and revocation (RFC 7662, RFC 7009)', [
  { title: 'no token', ...badForm, send: form('') },
  { title: 'no body', ...badForm, send: { method: 'POST', target: '/oauth2/introspect' } },
  { title: 'an empty token', ...badForm, send: form('token=') },
  { title: 'two tokens', ...badForm, send: form(`token=${MARK}&token=${MARK}`) },
  { title: 'what is no address', ...badForm, send: form(`token=x&client_address=${MARK}`) },
  { title: 'a token in another parameter', ...badForm, send: ({ member }) => form(`token=x&access_token=${member}`) },
  { title: 'invalid UTF-8', ...badForm, send: form(Buffer.from([0x74, 0x3d, 0xff])) },
  {
    title: 'JSON',
    status: 415,
    code: 'invalid_request',
    send: { ...form('{"token":"x"}'), headers: { 'Content-Type': 'application/json' } },
  },
  { title: 'more than 64 KiB', status: 413, code: 'invalid_request', send: form(`token=${'x'.repeat(70_000)}`) },
  {
    title: 'no credential',
    status: 401,
    code: 'invalid_client',
    send: form('token=x', { Authorization: undefined }),
    answers: { 'www-authenticate': /^Basic realm="postern"/ },
  },
  {
    title: 'a bad credential',
    status: 401,
    code: 'invalid_token',
    send: form('token=x', withAuthorization('Bearer x').headers),
  },
  {
    title: 'an unknown one',
    status: 401,
    code: 'invalid_token',
    send: () => form('token=x', { Authorization: `Bearer ${mintTokenValue(randomBytes).reveal()}` }),
  },
  {
    title: 'Basic that is no Base64',
    status: 401,
    code: 'invalid_client',
    send: form('token=x', { Authorization: 'Basic %%%' }),
  },
  {
    title: 'Basic without a colon',
    status: 401,
    code: 'invalid_client',
    send: form('token=x', { Authorization: `Basic ${Buffer.from(MARK).toString('base64')}` }),
  },
  {
    title: 'Basic with a wrong password',
    status: 401,
    code: 'invalid_client',
    send: ({ account }) => form('token=x', basic(account.id, MARK)),
  },
  {
    title: 'Basic with the token of another account',
    status: 401,
    code: 'invalid_client',
    send: ({ account, admin }) => form('token=x', basic(account.id, admin)),
  },
  {
    title: 'who may not',
    status: 403,
    code: 'insufficient_scope',
    send: ({ member }) => form(`token=${member}`, { Authorization: `Bearer ${member}` }),
  },
  {
    title: 'two credentials',
    status: 400,
    code: 'invalid_request',
    send: ({ admin }) => ({ ...form('token=x'), lines: [`Authorization: Bearer ${admin}`] }),
  },
  {
    title: 'a token in the query',
    status: 400,
    code: 'invalid_request',
    send: ({ member }) => ({ ...form('token=x'), target: `/oauth2/introspect?token=${member}` }),
  },
  { title: 'a revocation without a body', ...badForm, send: { method: 'POST', target: '/oauth2/revoke' } },
  {
    title: 'a revocation of nothing',
    ...badForm,
    send: {
      ...form(''),
      target: '/oauth2/revoke',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: undefined },
    },
  },
  {
    title: 'a revocation with a bad credential',
    status: 401,
    code: 'invalid_token',
    send: ({ member }) => ({
      ...form(`token=${member}`),
      target: '/oauth2/revoke',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: 'Bearer x' },
    }),
  },
]);

test('200 a revocation of what is not there changes nothing', async () => {
  for (const token of [MARK, mintTokenValue(randomBytes).reveal(), world.deleted, world.retired]) {
    await check({
      title: '',
      status: 200,
      send: {
        ...form(`token=${token}`),
        target: '/oauth2/revoke',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: undefined },
      },
    });
  }
});
