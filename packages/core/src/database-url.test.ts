import { expect, test } from 'vitest';
import { parseDatabaseUrl } from './database-url.ts';

test.each([
  ['postgres://host/db', ['postgres://host/db']],
  [
    'postgresql://u:p,%40@one:5432,two/db?sslmode=require',
    ['postgresql://u:p,%40@one:5432/db?sslmode=require', 'postgresql://u:p,%40@two/db?sslmode=require'],
  ],
  [
    'postgres://[::1]:1,[::2]:2/db?target_session_attrs=read-write',
    ['postgres://[::1]:1/db?target_session_attrs=read-write', 'postgres://[::2]:2/db?target_session_attrs=read-write'],
  ],
  ['postgres:///db?host=/run/postgresql', ['postgres:///db?host=/run/postgresql']],
])('%s', (text, urls) => {
  expect(parseDatabaseUrl(text)).toEqual(urls);
});

test.each([
  'mysql://host/db',
  'postgres://one,/db',
  'postgres://one,two:x/db',
  'postgres://one,two/db?target_session_attrs=standby',
])('%s is no address of a database to write to', (text) => {
  expect(parseDatabaseUrl(text)).toBeUndefined();
});
