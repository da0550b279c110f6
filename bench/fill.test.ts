import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createDatabase } from '../testing/postgres.ts';
import { tmpDirectory } from '../testing/tmp.ts';
import { fillPostgres, fillSqlite, type Row, type Table } from './fill.ts';

const CREATE = [
  'create table owner (id integer primary key)',
  'create table thing (id integer primary key, name text, owner integer not null references owner (id))',
  'create index thing_by_name on thing (name)',
];
const AWKWARD = ['plain', 'a\ttab', 'a line\nand another\r', 'back\\slash', '\\N', '', null, 'ü – 丸'];

/** So many rows that they go in several statements, the last of them not full; of owners there are none. */
function table(): Table {
  function* rows(): Generator<Row> {
    for (let id = 0; id < 101; id += 1) yield [id, AWKWARD[id % AWKWARD.length] ?? null, 7];
  }
  return { name: 'thing', columns: ['id', 'name', 'owner'], rows: rows() };
}

const expected = Array.from({ length: 101 }, (_, id) => ({ id, name: AWKWARD[id % AWKWARD.length] ?? null, owner: 7 }));

test('SQLite has all rows as they were given, and its index', async () => {
  const path = join(await tmpDirectory(), 'test.db');
  const database = new DatabaseSync(path);
  onTestFinished(() => database.close());
  for (const sql of CREATE) database.exec(sql);
  fillSqlite(path, [table()]);
  expect(database.prepare('select id, name, owner from thing order by id').all()).toEqual(expected);
  expect(database.prepare(`select name from sqlite_schema where type = 'index'`).all()).toEqual([
    { name: 'thing_by_name' },
  ]);
});

test('PostgreSQL has all rows as they were given, and its index', async () => {
  const { url, drop } = await createDatabase(inject('postgresUrl'));
  onTestFinished(drop);
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  for (const sql of CREATE) await client.query(sql);
  await fillPostgres(url, [table()]);
  expect((await client.query('select id, name, owner from thing order by id')).rows).toEqual(expected);
  const indexes = await client.query(`select indexname from pg_indexes where tablename = 'thing' order by indexname`);
  expect(indexes.rows).toEqual([{ indexname: 'thing_by_name' }, { indexname: 'thing_pkey' }]);
});

test('a row that PostgreSQL does not take fails, and nothing of it is left', async () => {
  const { url, drop } = await createDatabase(inject('postgresUrl'));
  onTestFinished(drop);
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  for (const sql of CREATE) await client.query(sql);
  const twice: Table = {
    name: 'thing',
    columns: ['id', 'name', 'owner'],
    rows: [
      [1, 'one', 7],
      [1, 'again', 7],
    ],
  };
  await expect(fillPostgres(url, [twice])).rejects.toThrow('thing_pkey');
  const broken: Table = {
    ...twice,
    rows: (function* (): Generator<Row> {
      yield [1, 'one', 7];
      throw new Error('no more rows');
    })(),
  };
  await expect(fillPostgres(url, [broken])).rejects.toThrow('no more rows');
  expect((await client.query('select count(*)::integer as count from thing')).rows).toEqual([{ count: 0 }]);
});
