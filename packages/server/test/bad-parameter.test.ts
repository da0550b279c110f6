import { expect, test } from 'vitest';
import { ACCOUNTS, accountPath, tokenPath } from './api.ts';
import {
  BODY,
  badField,
  badRequest,
  check,
  IDEMPOTENCY_KEY,
  MARK,
  NEW,
  noAccount,
  noToken,
  rows,
  UNKNOWN_ACCOUNT,
  UNKNOWN_TOKEN,
  useWorld,
  type World,
} from './bad-input.ts';

useWorld();

const minting = ({ account }: World) => ({
  method: 'POST',
  target: accountPath(account, '/tokens'),
  json: { name: MARK },
});
const KEYS: readonly [string, string][] = [
  ['of 21 characters', 'k'.repeat(21)],
  ['of 129 characters', 'k'.repeat(129)],
  ['that is empty', ''],
  ['with a plus sign', `${MARK}${'k'.repeat(22)}+`],
  ['with a slash', `${MARK}${'k'.repeat(22)}/`],
  ['with an equals sign', `${MARK}${'k'.repeat(22)}=`],
  ['with a dot', `${MARK}${'k'.repeat(22)}.`],
  ['with a blank inside', `${MARK} ${'k'.repeat(22)}`],
  ['in quotes', `"${MARK}${'k'.repeat(22)}"`],
];

rows('idempotency keys', [
  ...KEYS.map(([title, key]) => ({
    title: `a key ${title}`,
    status: 400,
    code: 'idempotency.key_invalid',
    send: (world: World) => ({ ...minting(world), headers: { 'Idempotency-Key': key } }),
  })),
  {
    title: 'two keys',
    status: 400,
    code: 'idempotency.key_invalid',
    send: (world) => ({
      ...minting(world),
      lines: [`Idempotency-Key: ${'a'.repeat(30)}`, `Idempotency-Key: ${'b'.repeat(30)}`],
    }),
  },
  {
    title: 'a key of another body',
    status: 409,
    code: 'idempotency.mismatch',
    send: (world) => ({ ...minting(world), headers: { 'Idempotency-Key': IDEMPOTENCY_KEY } }),
    audit: ['token.create: refused idempotency.mismatch'],
  },
  {
    title: 'a key of another path',
    status: 409,
    code: 'idempotency.mismatch',
    send: { ...NEW, json: BODY, headers: { 'Idempotency-Key': IDEMPOTENCY_KEY } },
    audit: ['service_account.create: refused idempotency.mismatch'],
  },
  {
    title: 'a key of another call',
    status: 409,
    code: 'idempotency.mismatch',
    send: ({ account, token }) => ({
      method: 'POST',
      target: tokenPath(account, token, '/refresh'),
      headers: { 'Idempotency-Key': IDEMPOTENCY_KEY },
    }),
    audit: ['token.refresh: refused idempotency.mismatch'],
  },
]);

const renaming = ({ account }: World, etag: string) => ({
  method: 'PATCH',
  target: accountPath(account),
  json: { displayName: MARK },
  headers: { 'If-Match': etag },
});

rows('If-Match', [
  { title: 'garbage', ...badRequest, send: (world) => renaming(world, MARK) },
  { title: 'a version without quotes', ...badRequest, send: (world) => renaming(world, '1') },
  { title: 'nothing', ...badRequest, send: (world) => renaming(world, '') },
  { title: 'a list', ...badRequest, send: (world) => renaming(world, '"1", "2"') },
  {
    title: 'a stale version',
    status: 412,
    code: 'precondition.failed',
    send: (world) => renaming(world, '"77"'),
    audit: ['service_account.update: refused precondition.failed'],
  },
  {
    title: 'a weak version',
    status: 412,
    code: 'precondition.failed',
    send: (world) => renaming(world, 'W/"1"'),
    audit: ['service_account.update: refused precondition.failed'],
  },
  {
    title: 'text',
    status: 412,
    code: 'precondition.failed',
    send: (world) => renaming(world, `"${MARK}"`),
    audit: ['service_account.update: refused precondition.failed'],
  },
  {
    title: 'a version that only looks like it',
    status: 412,
    code: 'precondition.failed',
    send: (world) => renaming(world, '"01"'),
    audit: ['service_account.update: refused precondition.failed'],
  },
  {
    title: 'a stale version of a token to delete',
    status: 412,
    code: 'precondition.failed',
    send: ({ account, token }) => ({
      method: 'DELETE',
      target: tokenPath(account, token),
      headers: { 'If-Match': '"77"' },
    }),
    audit: ['token.delete: refused precondition.failed'],
  },
  {
    title: 'a stale version of a token to refresh',
    status: 412,
    code: 'precondition.failed',
    send: ({ account, token }) => ({
      method: 'POST',
      target: tokenPath(account, token, '/refresh'),
      headers: { 'If-Match': '"77"' },
    }),
    audit: ['token.refresh: refused precondition.failed'],
  },
  {
    title: 'a version of what does not exist',
    ...noAccount,
    send: { method: 'DELETE', target: `${ACCOUNTS}/${UNKNOWN_ACCOUNT}`, headers: { 'If-Match': '"1"' } },
    audit: ['service_account.delete: refused service_account.not_found'],
  },
]);

rows('lists', [
  ...['0', '201', '-1', '1e3', '1.5', '', 'ten', '99999999999999999999', 'NaN', '[]', 'null', 'true'].map((limit) => ({
    title: `limit=${limit}`,
    ...badField,
    send: { target: `${ACCOUNTS}?limit=${limit}` },
  })),
  { title: 'two limits', ...badField, send: { target: `${ACCOUNTS}?limit=1&limit=2` } },
  { title: 'two equal limits', ...badField, send: { target: `${ACCOUNTS}?limit=1&limit=1` } },
  { title: 'a limit that is a list', ...badField, send: { target: `${ACCOUNTS}?limit[]=1` } },
  { title: 'an unknown parameter', ...badField, send: { target: `${ACCOUNTS}?page=${MARK}` } },
  { title: 'a parameter where none is taken', ...badField, send: { target: `/api/v1/me?verbose=${MARK}` } },
  { title: '_method', ...badField, send: ({ account }) => ({ target: `${accountPath(account)}?_method=DELETE` }) },
  { title: '__proto__', ...badField, send: { target: `${ACCOUNTS}?__proto__=${MARK}` } },
  { title: 'an unknown order', ...badField, send: { target: `${ACCOUNTS}?sort=${MARK}` } },
  { title: 'an unknown status', ...badField, send: { target: `${ACCOUNTS}?status=deleted` } },
  {
    title: 'a boolean that is none',
    ...badField,
    send: ({ account }) => ({ target: accountPath(account, '/tokens?deleted=yes') }),
  },
  { title: 'a cursor that is none', ...badField, send: { target: `${ACCOUNTS}?cursor=${MARK}` } },
  { title: 'an empty cursor', ...badField, send: { target: `${ACCOUNTS}?cursor=` } },
  { title: 'a cursor of 3,000 characters', ...badField, send: { target: `${ACCOUNTS}?cursor=${'A'.repeat(3_000)}` } },
  {
    title: 'a cursor whose tag is other',
    ...badField,
    send: ({ cursor }) => ({ target: `${ACCOUNTS}?cursor=${cursor.startsWith('A') ? 'B' : 'A'}${cursor.slice(1)}` }),
  },
  {
    title: 'a cursor whose position is other',
    ...badField,
    send: ({ cursor }) => ({
      target: `${ACCOUNTS}?cursor=${cursor.slice(0, 30)}${cursor.charAt(30) === 'A' ? 'B' : 'A'}${cursor.slice(31)}`,
    }),
  },
  {
    title: 'a cursor of another list',
    ...badField,
    send: ({ cursor }) => ({ target: `/api/v1/tokens?cursor=${cursor}` }),
  },
  {
    title: "a cursor of another list for one account's tokens",
    ...badField,
    send: ({ cursor, account }) => ({ target: accountPath(account, `/tokens?cursor=${cursor}`) }),
  },
  {
    title: 'a cursor of other filters',
    ...badField,
    send: ({ cursor }) => ({ target: `${ACCOUNTS}?status=active&cursor=${cursor}` }),
  },
  {
    title: 'a cursor of another order',
    ...badField,
    send: ({ cursor }) => ({ target: `${ACCOUNTS}?sort=-createdAt&cursor=${cursor}` }),
  },
]);

rows('refreshing, revoking, verifying', [
  ...[-1, 604_801, 1.5, '1', null, true, [1], {}].map((overlapSeconds) => ({
    title: `overlapSeconds ${JSON.stringify(overlapSeconds)}`,
    ...badField,
    send: ({ account, token }: World) => ({
      method: 'POST',
      target: tokenPath(account, token, '/refresh'),
      json: { overlapSeconds },
    }),
  })),
  {
    title: 'overlapSeconds beyond all numbers',
    ...badField,
    send: ({ account, token }) => ({
      method: 'POST',
      target: tokenPath(account, token, '/refresh'),
      body: '{"overlapSeconds":1e999}',
    }),
  },
  {
    title: 'overlap misspelled',
    ...badField,
    send: ({ account, token }) => ({
      method: 'POST',
      target: tokenPath(account, token, '/refresh'),
      json: { overlap_seconds: 60 },
    }),
  },
  {
    title: 'a refresh of an unknown token',
    ...noToken,
    send: ({ account }) => ({ method: 'POST', target: accountPath(account, `/tokens/${UNKNOWN_TOKEN}/refresh`) }),
    audit: ['token.refresh: refused token.not_found'],
  },
  {
    title: 'a revocation without a condition',
    ...badField,
    send: { method: 'POST', target: '/api/v1/tokens/revoke', json: {} },
  },
  {
    title: 'a revocation with dryRun alone',
    ...badField,
    send: { method: 'POST', target: '/api/v1/tokens/revoke', json: { dryRun: false } },
  },
  {
    title: 'a revocation by who is nobody',
    ...badField,
    send: { method: 'POST', target: '/api/v1/tokens/revoke', json: { createdBy: MARK } },
  },
  {
    title: 'a revocation for an unknown account',
    ...noAccount,
    send: { method: 'POST', target: '/api/v1/tokens/revoke', json: { accountId: UNKNOWN_ACCOUNT } },
    audit: ['token.revoke: refused service_account.not_found'],
  },
  {
    title: 'a revocation that would take its caller along',
    status: 409,
    code: 'caller.locked_out',
    send: { method: 'POST', target: '/api/v1/tokens/revoke', json: { createdBefore: '2100-01-01T00:00:00Z' } },
    audit: ['token.revoke: refused caller.locked_out'],
  },
  {
    title: 'a verification of nothing',
    ...badField,
    send: { method: 'POST', target: '/api/v1/tokens/verify', json: {} },
  },
  {
    title: 'a verification of a number',
    ...badField,
    send: { method: 'POST', target: '/api/v1/tokens/verify', json: { token: 7 } },
  },
  {
    title: 'a verification of 5,000 characters',
    ...badField,
    send: { method: 'POST', target: '/api/v1/tokens/verify', json: { token: MARK.repeat(500) } },
  },
  {
    title: 'a verification with a misspelled field',
    ...badField,
    send: ({ member }) => ({
      method: 'POST',
      target: '/api/v1/tokens/verify',
      json: { token: member, permision: 'a.b' },
    }),
  },
  {
    title: 'a verification for what is no permission',
    ...badField,
    send: ({ member }) => ({
      method: 'POST',
      target: '/api/v1/tokens/verify',
      json: { token: member, permission: MARK },
    }),
  },
  {
    title: 'a verification for what is no address',
    ...badField,
    send: ({ member }) => ({
      method: 'POST',
      target: '/api/v1/tokens/verify',
      json: { token: member, clientAddress: MARK },
    }),
  },
  {
    title: 'a verification by who may not',
    status: 403,
    code: 'permission.missing',
    send: ({ member }) => ({
      method: 'POST',
      target: '/api/v1/tokens/verify',
      json: { token: member },
      headers: { Authorization: `Bearer ${member}` },
    }),
    answers: { 'www-authenticate': 'Bearer realm="postern", error="insufficient_scope", scope="token.introspect"' },
  },
]);

test.for(['', 'x', MARK, `pst_${MARK}`, `Bearer pst_${'0'.repeat(49)}`])(
  '200 a verification of %j is inactive',
  async (token) => {
    const answer = await check({
      title: '',
      status: 200,
      send: { method: 'POST', target: '/api/v1/tokens/verify', json: { token } },
    });
    expect(answer.text).toBe('{"active":false}');
  },
);
