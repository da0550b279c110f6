import { inDays } from '@postern/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Console, openConsole, settle, statusOf } from './console.ts';

/** What needs attention: the most pressing of it, said as it is, with a page behind each line. */

const ACCOUNTS = '/settings/members/service-accounts';

let console: Console;

beforeAll(async () => {
  console = await openConsole();
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

const newAccount = (displayName: string) =>
  console.postern.serviceAccounts.create({ displayName, organizationRole: 'member' });

test('a refused use is said with its reason, and none leads to an account that is gone', async () => {
  const { serviceAccounts } = console.postern;
  const account = await newAccount('knocking');
  const retired = await serviceAccounts.tokens.create(account.id, { name: 'retired' });
  await serviceAccounts.tokens.refresh(account.id, retired.token.id);
  const deleted = await serviceAccounts.tokens.create(account.id, { name: 'deleted' });
  await serviceAccounts.tokens.delete(account.id, deleted.token.id);
  const restrictions = { networks: ['10.2.0.0/16'] };
  const elsewhere = await serviceAccounts.tokens.create(account.id, { name: 'elsewhere', restrictions });
  const gone = await newAccount('gone');
  const orphan = await serviceAccounts.tokens.create(gone.id, { name: 'orphan' });
  await serviceAccounts.delete(gone.id);
  for (const { value } of [retired, deleted, elsewhere, orphan]) {
    expect(await statusOf(console, value.reveal())).toBe(401);
  }
  await expect
    .poll(() => console.postern.audit.list({ action: 'token.use_refused' }).toArray({ max: 9 }))
    .toHaveLength(4);
  const page = await console.open('/');
  const lines = page.getByRole('region', { name: /^Needs attention/ }).getByRole('listitem');
  await lines.filter({ hasText: 'knocking / retired: a retired value was presented' }).waitFor();
  await lines.filter({ hasText: /knocking \/ deleted: presented .* and refused: it was deleted\./ }).waitFor();
  await lines
    .filter({ hasText: /knocking \/ elsewhere: presented .* and refused: that is none of its networks\./ })
    .waitFor();
  expect(await lines.filter({ hasText: 'orphan' }).count()).toBe(0);
  await page.close();
});

test('an account says of its own refused uses, however many others there are', async () => {
  const { tokens } = console.postern.serviceAccounts;
  const quiet = await newAccount('quiet');
  const loud = await newAccount('loud');
  const { token, value } = await tokens.create(quiet.id, { name: 'ci' });
  await tokens.refresh(quiet.id, token.id);
  await statusOf(console, value.reveal());
  await expect
    .poll(() => console.postern.audit.list({ action: 'token.use_refused', targetId: token.id }).toArray({ max: 2 }))
    .toHaveLength(1);
  const others = Array.from({ length: 51 }, (_, index) => `loud-${index}`);
  await Promise.all(
    others.map(async (name) => {
      const issued = await tokens.create(loud.id, { name });
      await tokens.delete(loud.id, issued.token.id);
      await statusOf(console, issued.value.reveal());
    }),
  );
  await expect
    .poll(() => console.postern.audit.list({ principalId: loud.id, action: 'token.use_refused' }).toArray({ max: 99 }))
    .toHaveLength(51);
  const page = await console.open(`${ACCOUNTS}/${quiet.id}`);
  await page
    .getByRole('region', { name: 'Needs attention (1)' })
    .getByText('ci: a retired value was presented')
    .waitFor();
  await page.close();
});

test('what expires first is there, however much else does, and however many tokens people have', async () => {
  const { tokens } = console.postern.serviceAccounts;
  const account = await newAccount('many-expire');
  const later = Array.from({ length: 50 }, (_, index) => `a-${index}`);
  await Promise.all(later.map((name) => tokens.create(account.id, { name, expiresAt: inDays(9) })));
  await tokens.create(account.id, { name: 'the-first', expiresAt: inDays(3) });
  const page = await console.open('/');
  const own = Array.from({ length: 51 }, (_, index) => `0-${index}`);
  await Promise.all(
    own.map((name) =>
      page.request.post('/api/v1/me/tokens', {
        headers: { origin: console.server.url },
        data: { name, expiresAt: inDays(2) },
      }),
    ),
  );
  await page.reload();
  await settle(page);
  await page.getByText('many-expire / the-first: expires in 3 days.').waitFor();
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
