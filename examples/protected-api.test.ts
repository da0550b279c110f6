import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Postern } from '@postern/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { startPostern } from '../packages/sdk/test/server.ts';

/** The example as its reader starts it, with a real Postern behind it. */
async function startExample(name: string, env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ['--conditions=postern-src', 'server.ts'], {
    cwd: join(import.meta.dirname, name),
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    const [code] = await closed;
    expect(code).toBe(0);
  });
  let out = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      out += chunk;
      const url = /^Listening on (\S+)$/m.exec(out)?.[1];
      if (url) resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('close', () => reject(new Error(`the example ended: ${out}`)));
  });
}

test.each(['express', 'fastify', 'hono'])('the API on %s lets in who may, and nobody else', async (name) => {
  const { url, adminToken } = await startPostern();
  const admin = new Postern({ url, token: adminToken });
  await admin.permissions.create({ name: 'orders.read', description: 'See orders' });
  const role = await admin.roles.create({ name: 'shopkeeper', permissions: ['orders.read'] });
  const workspace = await admin.workspaces.create({ name: 'shop' });
  const issue = async (organizationRole: 'member' | 'verifier', displayName: string) => {
    const account = await admin.serviceAccounts.create({ displayName, organizationRole });
    const { token, value } = await admin.serviceAccounts.tokens.create(account.id, { name: 'it' });
    return { accountId: account.id, tokenId: token.id, value: value.reveal() };
  };
  const api = await issue('verifier', 'the API');
  const keeper = await issue('member', 'The keeper');
  await admin.workspaces.members.set(workspace.id, keeper.accountId, { role: role.id });
  const guest = await issue('member', 'A guest');

  const example = await startExample(name, { POSTERN_URL: url, POSTERN_TOKEN: api.value });
  const ask = async (path: string, value?: string) => {
    const answer = await fetch(`${example}${path}`, value ? { headers: { authorization: `Bearer ${value}` } } : {});
    return [answer.status, await answer.json()];
  };
  expect(await ask('/orders', keeper.value)).toEqual([200, { orders: ['a castle'] }]);
  expect(await ask('/hello', guest.value)).toEqual([200, { hello: 'A guest' }]);
  expect(await ask('/orders', guest.value)).toMatchObject([403, { code: 'permission.missing' }]);
  expect(await ask('/orders')).toMatchObject([401, { code: 'credentials.missing' }]);
  await admin.serviceAccounts.tokens.delete(keeper.accountId, keeper.tokenId);
  await expect.poll(async () => (await ask('/orders', keeper.value))[0]).toBe(401);
});
