import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readSettings } from './setting.ts';
import { SETTING_DESCRIPTIONS } from './setting-table.ts';
import { StartError } from './start-error.ts';

const KEY = `main:${'A'.repeat(43)}`;

function complaint(environment: Record<string, string>, flags: Record<string, string> = {}): string {
  try {
    readSettings(flags, environment);
  } catch (error) {
    if (error instanceof StartError && error.exitCode === 78) return error.message;
    throw error;
  }
  return '';
}

test('defaults, where nothing is set or what is set is empty', () => {
  expect(readSettings({}, { POSTERN_PORT: '', OTHER: 'x' })).toMatchObject({
    host: '127.0.0.1',
    port: 7070,
    dataDir: resolve('postern-data'),
    databaseUrl: undefined,
    secretKey: undefined,
    organization: 'My organization',
    logLevel: 'info',
    cacheBytes: 671_088_640,
    trustedProxies: undefined,
    forwardAuthHeader: undefined,
  });
});

test('flags win over the environment', () => {
  expect(readSettings({ port: '1' }, { POSTERN_PORT: '2', POSTERN_HOST: '::1' })).toMatchObject({
    port: 1,
    host: '::1',
  });
});

test.each([
  ['POSTERN_PORT', '65536'],
  ['POSTERN_PORT', '-1'],
  ['POSTERN_PORT', 'tcp://10.0.0.1:7070'],
  ['POSTERN_HOST', 'a b'],
  ['POSTERN_DATABASE_URL', 'mysql://secret@host/db'],
  ['POSTERN_DATABASE_URL', 'postgres://user:secret@one:5432,/db'],
  ['POSTERN_DATABASE_URL', 'postgres://user:secret@one,two/db?target_session_attrs=any'],
  ['POSTERN_SECRET_KEY', 'secret'],
  ['POSTERN_SECRET_KEY', `main:${'A'.repeat(42)}`],
  ['POSTERN_ORGANIZATION', 'a\u202eb'],
  ['POSTERN_SMTP_URL', 'http://user:ssssss@mail.example.com'],
  ['POSTERN_MAIL_FROM', 'nobody'],
  ['POSTERN_ADMIN_TOKEN', `pst_${'s'.repeat(49)}`],
  ['POSTERN_PUBLIC_URL', 'https://example.com/path'],
  ['POSTERN_PUBLIC_URL', 'ftp://example.com'],
  ['POSTERN_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['POSTERN_TRUSTED_PROXIES', 'localhost'],
  ['POSTERN_LOG_LEVEL', 'loud'],
  ['POSTERN_CACHE_BYTES', '1'],
])('%s=%s is named with what it must be, and never repeated', (name, value) => {
  const message = complaint({ [name]: value });
  expect(message).toMatch(new RegExp(`^${name} must be .+\\.$`));
  expect(message).not.toContain(value === '1' ? '=1' : value);
});

test('all that is wrong is said at once, a flag by its name', () => {
  expect(complaint({ POSTERN_LOG_LEVEL: 'x' }, { port: 'x' })).toMatch(
    /^--port must be .+\nPOSTERN_LOG_LEVEL must be .+$/,
  );
});

test('a variable that looks like a misspelled setting is refused, one of somebody else is not', () => {
  expect(complaint({ POSTERN_PROT: '1' })).toBe('POSTERN_PROT is not a setting; did you mean POSTERN_PORT?');
  expect(complaint({ POSTERN_SECRETKEY: 'x' })).toMatch(/did you mean POSTERN_SECRET_KEY\?$/);
  expect(
    complaint({ POSTERN_SERVICE_HOST: '10.0.0.1', POSTERN_PORT_7070_TCP: 'x', POSTERN_TEST_DATABASE_URL: 'x' }),
  ).toBe('');
});

test('two keys of the same name are refused', () => {
  expect(complaint({ POSTERN_SECRET_KEY: KEY, POSTERN_SECRET_KEY_PREVIOUS: KEY })).toContain('different names');
});

test('networks and single addresses are proxies', () => {
  const { trustedProxies } = readSettings({}, { POSTERN_TRUSTED_PROXIES: '10.0.0.0/8, ::1 192.0.2.1' });
  expect(['10.9.9.9', '192.0.2.1', '192.0.2.2'].map((address) => trustedProxies?.check(address, 'ipv4'))).toEqual([
    true,
    true,
    false,
  ]);
  expect(trustedProxies?.check('::1', 'ipv6')).toBe(true);
});

test.each([
  'Authorization',
  'Cookie',
  'Host',
  'Content-Type',
  'X-Forwarded-For',
  'X-Postern-Token',
  'X Api Key',
  'X_Api_Key',
  '-',
])('a header that proxies may ask with is not %s', (name) => {
  expect(() => readSettings({}, { POSTERN_FORWARD_AUTH_HEADER: name })).toThrow('the name of a header');
});

test('a header that proxies may ask with is known in lower case', () => {
  expect(readSettings({ 'forward-auth-header': 'X-Api-Key' }, {}).forwardAuthHeader).toBe('x-api-key');
});

test('secrets have no flag', () => {
  const flags = SETTING_DESCRIPTIONS.filter(({ flag }) => flag !== undefined).map(({ variable }) => variable);
  for (const secret of ['SECRET_KEY', 'SECRET_KEY_PREVIOUS', 'ADMIN_TOKEN', 'DATABASE_URL']) {
    expect(flags).not.toContain(`POSTERN_${secret}`);
  }
});
