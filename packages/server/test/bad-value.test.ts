import { describe, expect, test } from 'vitest';
import { ACCOUNTS, accountPath, createAccount, createToken, listAll, type ServiceAccount, tokenPath } from './api.ts';
import { admin, BODY, badField, MARK, NEW, type Row, rows, useWorld, type World, world } from './bad-input.ts';

useWorld();

const NAMES: readonly Row[] = [
  ['empty', ''],
  ['blank', '  \u3000\u00a0 '],
  ['of 201 characters', MARK.padEnd(201, 'x')],
  ['of 10 kB', MARK.repeat(1_000)],
  ['with a bell', `${MARK}\u0007`],
  ['with a NUL', `${MARK}\u0000`],
  ['with a line break', `${MARK}\nx`],
  ['with a line separator', `${MARK}\u2028x`],
  ['with a C1 control', `${MARK}\u0085x`],
  ['with a right-to-left override', `${MARK}\u202egnp.exe`],
  ['with an isolate', `${MARK}\u2066x`],
  ['with a byte order mark inside', `${MARK}\ufeffx`],
].map(([title, name]) => ({
  title: `a name ${title}`,
  ...badField,
  send: { ...NEW, json: { ...BODY, displayName: name } },
}));

rows('names', [
  ...NAMES,
  {
    title: 'a name with half a surrogate pair',
    ...badField,
    send: { ...NEW, body: `{"displayName":"${MARK}\\ud83d","organizationRole":"member"}` },
  },
  {
    title: 'a token name with a control character',
    ...badField,
    send: ({ account }) => ({
      method: 'POST',
      target: accountPath(account, '/tokens'),
      json: { name: `${MARK}\u001b[31m` },
    }),
  },
  {
    title: 'an empty token name',
    ...badField,
    send: ({ account, token }) => ({ method: 'PATCH', target: tokenPath(account, token), json: { name: ' ' } }),
  },
  {
    title: 'a description of 2,001 characters',
    ...badField,
    send: ({ account }) => ({
      method: 'PATCH',
      target: accountPath(account),
      json: { description: MARK.padEnd(2_001, 'x') },
    }),
  },
  {
    title: 'a description with an override',
    ...badField,
    send: ({ account }) => ({ method: 'PATCH', target: accountPath(account), json: { description: `${MARK}\u202e` } }),
  },
  { title: 'an empty externalId', ...badField, send: { ...NEW, json: { ...BODY, externalId: '' } } },
  {
    title: 'a taken externalId',
    status: 409,
    code: 'service_account.external_id_taken',
    send: { ...NEW, json: { ...BODY, externalId: 'kept' } },
    audit: ['service_account.create: refused service_account.external_id_taken'],
  },
  { title: 'a search of 101 characters', ...badField, send: { target: `${ACCOUNTS}?search=${MARK.padEnd(101, 'x')}` } },
  { title: 'a search with a NUL', ...badField, send: { target: `${ACCOUNTS}?search=${MARK}%00` } },
]);

describe('names that are as they must be', () => {
  test.for([
    ['emoji', '🚪 build 👩‍💻'],
    ['right to left', 'חשבון שירות'],
    ['Chinese', '夜间导出'],
    ['200 characters', 'n'.repeat(200)],
    ['wildcards', '100%_*?\\'],
    ['quotes and markup', `O'Brien "<script>alert(1)</script>" & co;--`],
  ])('201 %s', async ([, displayName]) => {
    const { id } = await createAccount(admin, { displayName: displayName as string });
    const found = await listAll<ServiceAccount>(
      admin,
      `${ACCOUNTS}?search=${encodeURIComponent((displayName as string).slice(0, 100))}`,
    );
    expect(found.map((account) => [account.id, account.displayName])).toContainEqual([id, displayName]);
  });

  test('201 two spellings of one name are stored and found as one', async () => {
    const composed = 'Cr\u00e8me br\u00fbl\u00e9e';
    const account = await createAccount(admin, { displayName: composed.normalize('NFD') });
    expect(account.displayName).toBe(composed);
    for (const form of ['NFC', 'NFD'] as const) {
      const query = encodeURIComponent(composed.normalize(form).toUpperCase());
      const found = await listAll<ServiceAccount>(admin, `${ACCOUNTS}?search=${query}`);
      expect(found.map(({ id }) => id)).toEqual([account.id]);
    }
  });
});

const TIMES: readonly [string, unknown][] = [
  ['in the past', '2020-01-01T00:00:00.000Z'],
  ['in the year 10000', '10000-01-01T00:00:00Z'],
  ['in the year 10000, signed', '+010000-01-01T00:00:00Z'],
  ['in the year 10000 by its offset', '9999-12-31T23:59:59-01:00'],
  ['before 1970', '1969-12-31T23:59:59Z'],
  ['without a zone', '2031-01-01T00:00:00'],
  ['without a time', '2031-01-01'],
  ['on 31 February', '2031-02-31T00:00:00Z'],
  ['on 29 February of no leap year', '2031-02-29T00:00:00Z'],
  ['in month 13', '2031-13-01T00:00:00Z'],
  ['at hour 24', '2031-01-01T24:00:00Z'],
  ['in a leap second', '2030-12-31T23:59:60Z'],
  ['with a lower-case t', '2031-01-01t00:00:00Z'],
  ['with a lower-case z', '2031-01-01T00:00:00z'],
  ['with a space for the T', '2031-01-01 00:00:00Z'],
  ['with an offset of 25 hours', '2031-01-01T00:00:00+25:00'],
  ['with an offset without a colon', '2031-01-01T00:00:00+0100'],
  ['with a comma', '2031-01-01T00:00:00,5Z'],
  ['with blanks around it', ' 2031-01-01T00:00:00Z '],
  ['in Arabic digits', '٢٠٣١-01-01T00:00:00Z'],
  ['as seconds', 1_924_992_000],
  ['as seconds in text', '1924992000'],
  ['as a word', 'tomorrow'],
  ['that is empty', ''],
  ['that is true', true],
];

rows('times', [
  ...TIMES.map(([title, expiresAt]) => ({
    title: `an expiry ${title}`,
    ...badField,
    send: ({ account }: World) => ({
      method: 'POST',
      target: accountPath(account, '/tokens'),
      json: { name: MARK, expiresAt },
    }),
  })),
  {
    title: 'an expiry now',
    ...badField,
    send: ({ account }) => ({
      method: 'POST',
      target: accountPath(account, '/tokens'),
      json: { name: MARK, expiresAt: new Date().toISOString() },
    }),
  },
  {
    title: 'a refresh with an expiry in the past',
    ...badField,
    send: ({ account, token }) => ({
      method: 'POST',
      target: tokenPath(account, token, '/refresh'),
      json: { expiresAt: '2020-01-01T00:00:00Z' },
    }),
  },
  {
    title: 'a later expiry than before',
    ...badField,
    send: ({ account, token }) => ({
      method: 'PATCH',
      target: tokenPath(account, token),
      json: { expiresAt: '2032-01-01T00:00:00Z' },
    }),
  },
  {
    title: 'no expiry any more',
    ...badField,
    send: ({ account, token }) => ({ method: 'PATCH', target: tokenPath(account, token), json: { expiresAt: null } }),
  },
  { title: 'a filter that is no time', ...badField, send: { target: `${ACCOUNTS}?unusedSince=${MARK}` } },
  {
    title: 'a filter on 31 February',
    ...badField,
    send: { target: '/api/v1/tokens?expiresBefore=2031-02-31T00:00:00Z' },
  },
  {
    title: 'a plus sign that is a space in a query',
    ...badField,
    send: { target: '/api/v1/tokens?expiresBefore=2031-01-01T00:00:00+01:00' },
  },
  {
    title: 'a period that ends before it begins',
    ...badField,
    send: ({ account, token }) => ({
      target: tokenPath(account, token, '/usage?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z'),
    }),
  },
  {
    title: 'a period of ten years',
    ...badField,
    send: ({ account, token }) => ({
      target: tokenPath(account, token, '/usage?from=2016-02-01T00:00:00Z&to=2026-01-01T00:00:00Z'),
    }),
  },
]);

test.for([
  ['2031-01-01T05:30:00+05:30', '2031-01-01T00:00:00.000Z'],
  ['2031-01-01T00:00:00-00:00', '2031-01-01T00:00:00.000Z'],
  ['2032-02-29T23:59:59.999999999Z', '2032-02-29T23:59:59.999Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
])('201 an expiry %s', async ([expiresAt, stored]) => {
  const { token } = await createToken(admin, world.account, { expiresAt: expiresAt as string });
  expect(token.expiresAt).toBe(stored);
});

test('wildcards in a search are text', async () => {
  await createAccount(admin, { displayName: 'plain name' });
  const marked = await createAccount(admin, { displayName: '50%_of\\it' });
  for (const search of ['%', '_', '\\', '%_', '0%_o', '*', '?', '.*', "' or 1=1 --"]) {
    const found = await listAll<ServiceAccount>(admin, `${ACCOUNTS}?search=${encodeURIComponent(search)}`);
    const wanted = '50%_of\\it 100%_*?\\'.includes(search)
      ? found.every(({ displayName }) => displayName.includes(search))
      : found.length === 0;
    expect([search, wanted]).toEqual([search, true]);
    if ('50%_of\\it'.includes(search)) expect(found.map(({ id }) => id)).toContain(marked.id);
  }
});
