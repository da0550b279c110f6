import { NOT_READY_REASONS, NotReady } from '@postern/core';
import { expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { openDoor } from '../test/door.ts';

test.each(engines)('ready on $name while it takes requests, alive all the time', async (engine) => {
  let ready = false;
  const door = await openDoor(engine, { isReady: () => ready });
  const status = async (url: string) => (await door.call('GET', url, { token: null })).status;
  expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 503]);
  const why = async () => (await door.call('GET', '/readyz', { token: null })).body.reason;
  expect(await why()).toBe('not_serving');
  ready = true;
  expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 200]);
  for (const reason of NOT_READY_REASONS) {
    const ping = async () => {
      throw new NotReady(reason, 'not for outside');
    };
    Object.assign(door.server.storage, { ping });
    const answer = await door.call('GET', '/readyz', { token: null });
    expect([answer.status, answer.text]).toEqual([503, JSON.stringify({ status: 'not_ready', reason })]);
  }
  await door.close();
});
