import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { mintTokenValue, TOKEN_PATTERN } from '@postern/core';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { type Ended, runPostern, servePostern } from '../test/command.ts';

/** Many processes, one after the other. */
const TIMEOUT_MS = 120_000;

test('`postern verifier` makes, lists and deletes a credential for all organizations', {
  timeout: TIMEOUT_MS,
}, async () => {
  const POSTERN_ADMIN_TOKEN = mintTokenValue(randomBytes).reveal();
  const variables = { POSTERN_DATA_DIR: join(await tmpDirectory(), 'data') };
  const verifier = (...args: string[]): Promise<Ended> => runPostern(['verifier', ...args], variables);
  const missing = await verifier('create', '--name', 'gateway');
  expect([missing.code, missing.stdout]).toEqual([1, '']);
  expect(missing.stderr).toContain('There is no database in ');
  await (await servePostern({ ...variables, POSTERN_ADMIN_TOKEN })).end();

  expect(await verifier('list')).toEqual({ code: 0, stdout: '', stderr: '' });
  const made = await verifier('create', '--name', 'gateway');
  expect([made.code, made.stderr]).toEqual([0, '']);
  const token = TOKEN_PATTERN.exec(made.stdout)?.[0] ?? '';
  const id = /Made the verifier (\S+): gateway/.exec(made.stdout)?.[1] ?? '';
  const listed = await verifier('list', '--json');
  expect(JSON.parse(listed.stdout)).toMatchObject([{ id, name: 'gateway', lastUsedAt: null }]);
  expect((await verifier('list')).stdout).toMatch(new RegExp(`^${id}\tgateway\t\t\\S+Z\n$`));
  expect(listed.stdout).not.toContain(token);
  const organizations = await runPostern(['organization', 'list', '--json'], variables);
  expect(JSON.parse(organizations.stdout)).toMatchObject([{ name: 'My organization' }]);

  const verify = async (): Promise<[number, unknown]> => {
    const server = await servePostern(variables);
    const answer = await fetch(`${server.url}/api/v1/tokens/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ token: POSTERN_ADMIN_TOKEN }),
    });
    await server.end();
    return [answer.status, await answer.json()];
  };
  expect(await verify()).toMatchObject([200, { active: true, organization: { name: 'My organization' } }]);
  expect((await verifier('delete', id)).stdout).toBe(`Deleted the verifier ${id}.\n`);
  expect(await verify()).toMatchObject([401, { code: 'token.invalid' }]);
  const again = await verifier('delete', id);
  expect([again.code, again.stderr]).toEqual([
    1,
    'There is no verifier with that id; `postern verifier list` lists them.\n',
  ]);
  expect((await verifier('delete', 'x')).code).toBe(2);
});
