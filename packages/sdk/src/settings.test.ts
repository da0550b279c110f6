import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { SettingsError } from './error.ts';
import { type PosternSettings, resolveSettings } from './settings.ts';

const url = 'https://postern.example.com';
const secret = 'pst_00000000000000000000000000000000000000000000O7J8C';

test('what is passed comes before what the environment says', () => {
  const environment = { POSTERN_URL: 'http://127.0.0.1:7070/', POSTERN_TOKEN: 'from the environment' };
  expect(resolveSettings({}, environment)).toMatchObject({
    url: 'http://127.0.0.1:7070',
    token: 'from the environment',
    timeoutMs: 10_000,
    maxRetries: 3,
  });
  expect(resolveSettings({ url: `${url}/below/`, token: 'passed', maxRetries: 0 }, environment)).toMatchObject({
    url: `${url}/below`,
    token: 'passed',
    maxRetries: 0,
  });
});

test.each<[string, PosternSettings, Record<string, string>]>([
  ['POSTERN_URL', { token: secret }, {}],
  ['URL like', { url: 'postern.example.com', token: secret }, {}],
  ['URL like', { url: 'ftp://postern.example.com', token: secret }, {}],
  ['user or password', { url: `https://me:${secret}@postern.example.com`, token: 'x' }, {}],
  ['query or fragment', { url: `${url}?token=${secret}`, token: 'x' }, {}],
  ['POSTERN_TOKEN or POSTERN_TOKEN_FILE', { url }, {}],
  ['POSTERN_TOKEN or POSTERN_TOKEN_FILE', { url }, { POSTERN_TOKEN: '' }],
  ['Keep one', { url }, { POSTERN_TOKEN: secret, POSTERN_TOKEN_FILE: '/run/token' }],
  ['timeoutMs', { url, token: secret, timeoutMs: 0 }, {}],
  ['timeoutMs', { url, token: secret, timeoutMs: Number.NaN }, {}],
  ['timeoutMs', { url, token: secret, timeoutMs: Number.POSITIVE_INFINITY }, {}],
  ['maxRetries', { url, token: secret, maxRetries: -1 }, {}],
  ['maxRetries', { url, token: secret, maxRetries: 1.5 }, {}],
])('settings that cannot work are refused, naming %s and no secret', (named, settings, environment) => {
  let message = '';
  try {
    resolveSettings(settings, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    message = String(error);
  }
  expect(message).toContain(named);
  expect(message).not.toContain(secret);
});

test('a token file is read when a value is needed, each time anew', async () => {
  const path = join(await tmpDirectory(), 'token');
  const { token } = resolveSettings({ url }, { POSTERN_TOKEN_FILE: path });
  const read = token as () => Promise<string>;
  await expect(read()).rejects.toThrow(/cannot be read \(ENOENT\)/);
  await writeFile(path, 'first\n');
  expect(await read()).toBe('first');
  await writeFile(path, '  second');
  expect(await read()).toBe('second');
});
