import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { fixedStatement } from '../src/fixed-statement.ts';
import { kyselyOn } from '../src/postgres/connection.ts';
import { createKysely } from '../src/sqlite/connection.ts';

/** What a statement whose text is fixed may be made of, and what is refused before it can answer wrongly. */

function open() {
  const database = new DatabaseSync(':memory:');
  database.exec('create table organization (id text, name text, version integer)');
  database.exec("insert into organization values ('one', 'One', 1), ('two', 'Two', 2)");
  return createKysely(database);
}

test('is built once, and answers for the values of each call', async () => {
  let built = 0;
  const named = fixedStatement((db, of: { id: string; least: number }) => {
    built += 1;
    return db.selectFrom('organization').select('name').where('version', '>=', of.least).where('id', '=', of.id);
  });
  const db = open();
  expect(await named(db, { id: 'one', least: 1 })).toEqual([{ name: 'One' }]);
  expect(await named(db, { least: 0, id: 'two' })).toEqual([{ name: 'Two' }]);
  expect(await named(db, { id: 'one', least: 2 })).toEqual([]);
  expect(built).toBe(1);
});

test('is built once for all transactions on PostgreSQL, and for SQLite on its own', async () => {
  const built: string[] = [];
  const same = fixedStatement((db, of: { text: string }) => {
    const query = db.selectNoFrom((from) => from.val(of.text).as('text'));
    built.push(query.compile().sql);
    return query;
  });
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  onTestFinished(() => client.end());
  // Each transaction has a Kysely of its own.
  expect(await same(kyselyOn(client), { text: 'one' })).toEqual([{ text: 'one' }]);
  expect(await same(kyselyOn(client), { text: 'two' })).toEqual([{ text: 'two' }]);
  expect(await same(open(), { text: 'three' })).toEqual([{ text: 'three' }]);
  expect(await same(kyselyOn(client), { text: 'four' })).toEqual([{ text: 'four' }]);
  expect(built).toEqual(['select $1 as "text"', 'select ? as "text"']);
});

test('keeps constants of its own beside the values', async () => {
  const rename = fixedStatement((db, of: { id: string; version: number }) =>
    db.updateTable('organization').set({ name: 'Same', version: of.version }).where('id', '=', of.id),
  );
  const db = open();
  await rename(db, { id: 'one', version: 7 });
  await rename(db, { version: 8, id: 'two' });
  expect(await db.selectFrom('organization').select(['name', 'version']).execute()).toEqual([
    { name: 'Same', version: 7 },
    { name: 'Same', version: 8 },
  ]);
});

test.each([
  ['computed with', (id: string) => `${id}!`],
  ['written as JSON', (id: string) => JSON.stringify({ id })],
])('refuses a value that is %s while the statement is put together', async (_, change) => {
  const named = fixedStatement((db, { id }: { id: string }) =>
    db.selectFrom('organization').select('name').where('id', '=', change(id)),
  );
  await expect(named(open(), { id: 'one' })).rejects.toThrow('id is written into a statement whose text is fixed');
});

test('refuses a value that the statement leaves out', async () => {
  const named = fixedStatement((db, { id }: { id: string; least: number }) =>
    db.selectFrom('organization').select('name').where('id', '=', id),
  );
  await expect(named(open(), { id: 'one', least: 1 })).rejects.toThrow('least is not a parameter of the statement');
});
