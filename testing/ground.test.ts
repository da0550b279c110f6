import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, inject, test } from 'vitest';
import { tmpDirectory } from './tmp.ts';

test('tests run on the Node that the workspace brings', () => {
  expect(Number(process.versions.node.split('.')[0])).toBeGreaterThanOrEqual(24);
});

test('PostgreSQL answers, speaks UTF-8 and has room for many connections', async () => {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select 1 as one, current_setting('server_encoding') as encoding, current_setting('max_connections')::int as connections`,
    );
    expect(rows).toEqual([{ one: 1, encoding: 'UTF8', connections: expect.any(Number) }]);
    if (!process.env.POSTERN_TEST_DATABASE_URL) expect(rows[0].connections).toBe(300);
  } finally {
    await client.end();
  }
});

let seen: string | undefined;

test('a temporary directory is there during its test', async () => {
  seen = await tmpDirectory();
  await writeFile(join(seen, 'file'), 'content');
  expect(await readFile(join(seen, 'file'), 'utf8')).toBe('content');
});

test('and gone after it', () => {
  expect(seen).toBeDefined();
  expect(existsSync(seen ?? '')).toBe(false);
});
