import { expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { openDoor } from '../test/door.ts';

test.each(engines)('ready on $name while it takes requests, alive all the time', async (engine) => {
  let ready = false;
  const door = await openDoor(engine, { isReady: () => ready });
  const status = async (url: string) => (await door.call('GET', url, { token: null })).status;
  expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 503]);
  ready = true;
  expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 200]);
  await door.close();
});
