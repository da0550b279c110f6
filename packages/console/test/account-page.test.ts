import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Console, dialog, openConsole, settle } from './console.ts';

/** One account and its tokens: what is wrong stands where it is, all of them count, and what changes is seen at once. */

const ACCOUNTS = '/settings/members/service-accounts';
/** Sooner than anything is asked for again by itself. */
const SOON = { timeout: 8_000 };

let console: Console;

beforeAll(async () => {
  console = await openConsole();
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

const newAccount = (displayName: string) =>
  console.postern.serviceAccounts.create({ displayName, organizationRole: 'member' });

test('what is done to tokens is seen wherever it is told of, also where nobody tells of changes', async () => {
  const account = await newAccount('followed-by-nobody');
  const page = await console.open('/');
  await page.route('**/api/v1/changes', (route) => route.abort());
  await page.goto(`${console.server.url}${ACCOUNTS}/${account.id}`);
  await settle(page);
  await page.getByRole('button', { name: 'Add token' }).click();
  await dialog(page).getByLabel('Name').fill('ci');
  await dialog(page).getByLabel('Expiration').click();
  await page.getByRole('option', { name: /^7 days/ }).click();
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  // Behind the dialog, where who cannot see is not told of it.
  await page.locator('section', { hasText: 'Needs attention (1)' }).waitFor(SOON);
  await page.locator('li', { hasText: 'added token ci' }).waitFor(SOON);
  await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
  await dialog(page).getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Delete token ci' }).click();
  await dialog(page).getByLabel('Type ci to confirm').fill('ci');
  await dialog(page).getByRole('button', { name: 'Delete token' }).click();
  await page.getByText('Needs attention (1)').waitFor({ state: 'detached', ...SOON });
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
