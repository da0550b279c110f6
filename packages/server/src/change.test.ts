import { connect } from 'node:net';
import { CHANGES_TOLD_MAX } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { addressOf, type EventStream, openEventStream } from '../test/event-stream.ts';

const HEAD = '/api/v1/changes/head';
const STREAM = '/api/v1/changes';

describe.each(engines)('$name', (engine) => {
  let door: Door;
  let streams: EventStream[];
  beforeEach(async () => {
    door = await openDoor(engine, { streamCheckMs: 20, streamsMax: 8 });
    streams = [];
  });
  afterEach(async () => {
    for (const stream of streams) stream.close();
    await door.close();
  });

  async function open(token = door.admin, headers: Record<string, string> = {}): Promise<EventStream> {
    const stream = await openEventStream(`${await addressOf(door)}${STREAM}`, token, headers);
    streams.push(stream);
    return stream;
  }

  describe('GET /api/v1/changes/head', () => {
    test('200 with what changed since the cursor, in the positions of the organization', async () => {
      const first = (await door.call('GET', HEAD)).body;
      expect(first).toMatchObject({ reset: true, changes: [] });
      await door.createOutsider();
      const id = await door.createAccount();
      const token = await door.createToken(id);
      const second = (await door.call('GET', `${HEAD}?after=${first.cursor}`)).body;
      expect(second).toMatchObject({
        position: first.position + 2,
        reset: false,
        changes: [
          { position: first.position + 1, kind: 'service_account', id },
          { position: first.position + 2, kind: 'token', id: token.id },
        ],
      });
      const third = (await door.call('GET', `${HEAD}?after=${second.cursor}`)).body;
      expect(third).toMatchObject({ position: second.position, cursor: second.cursor, reset: false, changes: [] });
    });

    test('200 with reset for a position that is not of this history, or trimmed, or too far behind', async () => {
      const first = (await door.call('GET', HEAD)).body;
      const reset = async (after: string): Promise<boolean> => {
        const ask = () => door.call('GET', `${HEAD}?after=${after}`);
        let answer = await ask();
        // A process that finds another history begins anew, and is not sure of anything meanwhile.
        while (answer.status === 503) answer = await ask();
        return answer.body.reset;
      };
      expect(await reset(`${first.position}-another`)).toBe(true);
      expect(await reset(`${first.position + 1}-another`)).toBe(true);
      await door.createAccount();
      expect(await reset(first.cursor)).toBe(false);
      await door.database.query(
        `insert into change_log (position, nonce, organization_id, organization_position, kind, subject_id)
         with recursive more (step) as (select 1 union all select step + 1 from more where step < ${CHANGES_TOLD_MAX})
         select 100000 + step, 'n', (select id from organization), ${first.position} + 1 + step, 'token', 't' from more
         returning position`,
      );
      expect(await reset(first.cursor)).toBe(true);
      expect(await reset('0-')).toBe(true);
    });

    test('400 for what is no cursor; 403 without the permission', async () => {
      expect((await door.call('GET', `${HEAD}?after=12`)).status).toBe(400);
      const { value } = await door.createCaller('member');
      expect((await door.call('GET', HEAD, { token: value })).status).toBe(403);
      const verifier = await door.createCaller('verifier');
      expect((await door.call('GET', HEAD, { token: verifier.value })).status).toBe(200);
    });

    test('503 when memory may not be trusted', async () => {
      await door.call('GET', HEAD);
      await door.database.storage.close();
      expect((await door.call('GET', HEAD)).status).toBe(503);
    });
  });

  describe('GET /api/v1/changes', () => {
    test('tells the head, then each change of this organization only', async () => {
      const stream = await open();
      expect(stream.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      });
      const head = await stream.next();
      expect(head.event).toBe('head');
      await door.createOutsider();
      const id = await door.createAccount();
      const event = await stream.next();
      expect(event).toMatchObject({
        event: 'change',
        data: { position: head.data.position + 1, kind: 'service_account', id },
      });
      expect(Object.keys(event.data)).toEqual(['position', 'kind', 'id']);
    });

    test('resumes after Last-Event-ID without a gap or a double', async () => {
      const first = await open();
      const { id: cursor } = await first.next();
      first.close();
      const accounts = [await door.createAccount(), await door.createAccount()];
      const second = await open(door.admin, { 'last-event-id': cursor ?? '' });
      accounts.push(await door.createAccount());
      const told = [await second.next(), await second.next(), await second.next()];
      expect(told.map(({ data }) => data.id)).toEqual(accounts);
      const third = await open(door.admin, { 'last-event-id': told[1]?.id ?? '' });
      expect((await third.next()).data.id).toBe(accounts[2]);
    });

    test.each(['7-other', 'nonsense', '99999-x'])('sends reset after the unknown position %s', async (id) => {
      const stream = await open(door.admin, { 'last-event-id': id });
      expect((await stream.next()).event).toBe('reset');
      const account = await door.createAccount();
      expect(await stream.next()).toMatchObject({ event: 'change', data: { id: account } });
    });

    test('sends reset when memory was emptied, as after a failover', async () => {
      const stream = await open();
      await stream.next();
      door.database.cache.clear();
      expect((await stream.next()).event).toBe('reset');
    });

    test('429 for the sixth stream of a principal; a place is free again when one is closed', async () => {
      const verifier = await door.createCaller('verifier');
      for (let count = 0; count < 5; count += 1) expect((await open(verifier.value)).status).toBe(200);
      const refused = await fetch(`${await addressOf(door)}${STREAM}`, {
        headers: { authorization: `Bearer ${verifier.value}` },
      });
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
        429,
        'changes.too_many_streams',
      ]);
      expect((await open()).status).toBe(200);
      streams[0]?.close();
      await expect.poll(async () => (await open(verifier.value)).status).toBe(200);
    });

    test('503 for one stream more than the process may have', async () => {
      const other = await door.createCaller('verifier');
      for (let count = 0; count < 5; count += 1) expect((await open()).status).toBe(200);
      for (let count = 0; count < 3; count += 1) expect((await open(other.value)).status).toBe(200);
      const refused = await open(other.value);
      expect(refused.status).toBe(503);
      streams[0]?.close();
      await expect.poll(async () => (await open(other.value)).status).toBe(200);
    });

    test('403 without the permission', async () => {
      const { value } = await door.createCaller('member');
      expect((await open(value)).status).toBe(403);
    });

    test.each(['is deleted', 'loses the permission'])('a stream ends when its credential %s', async (what) => {
      const { accountId, tokenId, value } = await door.createCaller('verifier');
      const stream = await open(value);
      await stream.next();
      const path = `/api/v1/service-accounts/${accountId}`;
      const { status } =
        what === 'is deleted'
          ? await door.call('DELETE', `${path}/tokens/${tokenId}`)
          : await door.call('PATCH', path, { body: { organizationRole: 'member' } });
      expect(status).toBeLessThan(300);
      await stream.ended;
    });

    test('one that its credential still allows goes on, whatever else changes', async () => {
      const { value } = await door.createCaller('verifier');
      const stream = await open(value);
      await stream.next();
      for (let count = 0; count < 20; count += 1) {
        const id = await door.createAccount();
        expect((await stream.next()).data.id).toBe(id);
      }
    });

    test.runIf(engine.name === 'sqlite')('one whose reader has stopped reading is closed', async () => {
      const connections = () =>
        new Promise<number>((resolve, reject) => {
          door.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
        });
      const socket = connect(Number(new URL(await addressOf(door)).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`GET ${STREAM} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${door.admin}\r\n\r\n`);
      let begun = '';
      socket.on('data', (chunk: Buffer) => {
        begun += chunk;
        if (begun.includes('event: head')) socket.pause();
      });
      await expect.poll(() => socket.isPaused()).toBe(true);
      expect(await connections()).toBe(1);
      // More than the system keeps for a connection: the rest would have to wait in the server.
      const count = 4_000;
      const id = 'x'.repeat(4_000);
      await door.database.query(
        `insert into change_log (position, nonce, organization_id, organization_position, kind, subject_id)
         with recursive more (step) as (select 1 union all select step + 1 from more where step < ${count})
         select (select max(position) from change_log) + step, 'n', (select id from organization),
           (select max(organization_position) from change_log) + step, 'token', '${id}' from more returning position`,
      );
      await expect.poll(connections).toBe(0);
      socket.destroy();
    });

    test('HEAD has the headers of a stream, and no stream', async () => {
      const answer = await fetch(`${await addressOf(door)}${STREAM}`, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${door.admin}` },
      });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    });

    test('streams end when the process goes down, at once', async () => {
      const stream = await open();
      await stream.next();
      await door.app.close();
      await stream.ended;
    });
  });
});
