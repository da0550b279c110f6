import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { addressOf } from '../test/event-stream.ts';

const URL = '/api/v1/audit-events';
const CSV = { accept: 'text/csv' };
const NDJSON = { accept: 'application/x-ndjson' };

describe.each(engines)('the audit log as a file on $name', (engine) => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor(engine, { streamCheckMs: 20 });
    await live('bulk.small', 1_300, 0);
    // More than fits between a server and a reader that takes nothing.
    await live('bulk.large', 30_000, 1_000);
  });
  afterAll(() => door.close());

  async function live(action: string, events: number, detailLength: number): Promise<void> {
    await door.database.query(
      `insert into audit_event (id, organization_id, at, action, outcome, actor_kind, actor_name, details)
       with recursive more (step) as (select 1 union all select step + 1 from more where step < ${events})
       select '${action}_' || step, (select id from organization), step, '${action}', 'done', 'system', 'Postern',
       '{"note":"${'x'.repeat(detailLength)}"}' from more returning at`,
    );
  }

  /** Opens an export, and reads nothing of it. */
  async function open(token = door.admin): Promise<IncomingMessage> {
    const url = `${await addressOf(door)}${URL}?action=bulk.large`;
    return new Promise((resolve, reject) => {
      get(url, { headers: { ...CSV, authorization: `Bearer ${token}` } }, resolve).once('error', reject);
    });
  }

  /** Reads it; rejects where it ends before its end. */
  async function readAll(response: IncomingMessage): Promise<number> {
    let length = 0;
    for await (const chunk of response) length += (chunk as Buffer).length;
    return length;
  }

  test('NDJSON holds every event that matches once, as the list has them, over many pages', async () => {
    const answer = await door.call('GET', `${URL}?action=bulk.small`, { headers: NDJSON });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': expect.stringMatching(/^attachment; filename="audit-events-\d{4}-\d\d-\d\d\.ndjson"$/),
      'cache-control': 'no-store',
      vary: 'accept',
    });
    const events = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    const { items } = (await door.call('GET', `${URL}?action=bulk.small&limit=200`)).body;
    expect(events.slice(0, 200)).toEqual(items);
    expect(events).toHaveLength(1_300);
  });

  test('CSV has a heading, quotes what needs it, and no cell that a spreadsheet would obey', async () => {
    const hostile = ['=HYPERLINK("http://evil.example","Click")', '+1', '-1', '@SUM(1)', ' =1', '\uff1d1', 'a,"b"'];
    for (const displayName of hostile) {
      const id = await door.createAccount({ displayName });
      await door.call('DELETE', `/api/v1/service-accounts/${id}`, { headers: { 'user-agent': '\t=1+1' } });
    }
    const answer = await door.call('GET', `${URL}?action=service_account.delete`, { headers: CSV });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    const [heading, ...rows] = parseCsv(answer.text);
    expect(heading?.slice(0, 3)).toEqual(['id', 'at', 'action']);
    const column = (name: string) => rows.map((row) => row[heading?.indexOf(name) ?? -1]);
    expect(column('target').toSorted()).toEqual(
      hostile
        .map((name) => name.trim())
        .map((name) => (name === 'a,"b"' ? name : `'${name}`))
        .toSorted(),
    );
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^\s*[=+\-@\uff1d]/);
    expect(rows.every(({ length }) => length === heading?.length)).toBe(true);
  });

  test('nothing that matches is a heading alone, and an empty file', async () => {
    const none = `${URL}?action=no.such`;
    expect(parseCsv((await door.call('GET', none, { headers: CSV })).text)).toHaveLength(1);
    expect((await door.call('GET', none, { headers: NDJSON })).text).toBe('');
  });

  test('another organization’s events are in no export', async () => {
    const outsider = await door.createOutsider();
    const { text } = await door.call('GET', URL, { headers: NDJSON, token: outsider });
    const accounts = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).target?.displayName);
    expect(accounts).not.toContain('bootstrap');
    expect(accounts.length).toBeGreaterThan(0);
  });

  test.each([
    ['*/*', 'json'],
    ['text/html', 'json'],
    ['text/csv;q=0.5, application/json', 'json'],
    ['text/csv;q=0', 'json'],
    ['application/json;q=0.2, TEXT/CSV', 'csv'],
    ['application/x-ndjson, */*;q=0.1', 'ndjson'],
  ])('Accept: %s is answered with %s', async (accept, format) => {
    const { headers } = await door.call('GET', `${URL}?action=token.create`, { headers: { accept } });
    expect(headers['content-type']).toContain(format);
  });

  test('400 for a page of an export, 401 and 403 as for the list', async () => {
    for (const query of ['limit=10', 'cursor=x']) {
      expect((await door.call('GET', `${URL}?${query}`, { headers: CSV })).status).toBe(400);
    }
    expect((await door.call('GET', URL, { headers: CSV, token: null })).status).toBe(401);
    const { value } = await door.createCaller('verifier');
    const refused = await door.call('GET', URL, { headers: CSV, token: value });
    expect([refused.status, refused.headers['content-type']]).toEqual([403, expect.stringContaining('problem+json')]);
  });

  test('503, and no beginning of a file, where the database cannot be read', async () => {
    const other = await openDoor(engine);
    onTestFinished(() => other.close());
    await other.call('GET', '/api/v1/me');
    await other.database.storage.close();
    expect((await other.call('GET', URL, { headers: CSV })).status).toBe(503);
  });

  test('it is whole for a reader who takes it, however long that is', async () => {
    const length = await readAll(await open());
    expect(length).toBeGreaterThan(30_000 * 1_000);
  });

  test.each(['is deleted', 'loses the permission'])('it breaks off when its credential %s', async (what) => {
    const { accountId, tokenId, value } = await door.createCaller('admin');
    const response = await open(value);
    expect(response.statusCode).toBe(200);
    const path = `/api/v1/service-accounts/${accountId}`;
    if (what === 'is deleted') await door.call('DELETE', `${path}/tokens/${tokenId}`);
    else await door.call('PATCH', path, { body: { organizationRole: 'member' } });
    await expect(readAll(response)).rejects.toThrow();
  });

  test('429 for the sixth export of a principal; a reader that takes nothing is closed, and its place is free', async () => {
    const { value } = await door.createCaller('admin');
    const running = await Promise.all(Array.from({ length: 5 }, () => open(value)));
    const refused = await door.call('GET', URL, { headers: CSV, token: value });
    expect([refused.status, refused.body.code]).toEqual([429, 'export.too_many']);
    await expect
      .poll(async () => (await door.call('GET', `${URL}?action=no.such`, { headers: CSV, token: value })).status, POLL)
      .toBe(200);
    // Those that were not yet closed then go on.
    const read = await Promise.allSettled(running.map(readAll));
    expect(read.map(({ status }) => status)).toContain('rejected');
  });
});

const POLL = { timeout: 30_000 };

/** RFC 4180, read without the code that wrote it. */
function parseCsv(text: string): string[][] {
  expect(text.endsWith('\r\n')).toBe(true);
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') rows.push([]);
  }
  return rows.slice(0, -1);
}
