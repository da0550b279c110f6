import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Console, dialog, openConsole } from './console.ts';

/** A token's value is shown once: what keeps it from being lost, before it has come and once it is there. */

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

/** The page of a new account, reached from the list, so that there is something to go back to. */
async function openAccount(name: string): Promise<{ readonly id: string; readonly page: Page }> {
  const { id } = await newAccount(name);
  await console.postern.serviceAccounts.tokens.create(id, { name: 'old' });
  const page = await console.open(`${ACCOUNTS}?search=${name}`);
  await page.getByRole('link', { name }).click();
  return { id, page };
}

describe('a value that is on its way', () => {
  test.each([
    ['Add token', 'Add', /\/tokens$/],
    ['Refresh token old', 'Refresh token', /\/refresh$/],
  ])('is not lost by going Back: %s', async (open, submit, path) => {
    const { page } = await openAccount(`on-its-way-${submit.length}`);
    const came = Promise.withResolvers<void>();
    const goes = Promise.withResolvers<void>();
    await page.route(path, async (route) => {
      came.resolve();
      await goes.promise;
      await route.continue();
    });
    await page.getByRole('button', { name: open, exact: true }).click();
    if (open === 'Add token') await dialog(page).getByLabel('Name', { exact: true }).fill('ci');
    await dialog(page).getByRole('button', { name: submit, exact: true }).click();
    await came.promise;
    await page.evaluate(async () => {
      const went = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
      history.back();
      await went;
    });
    goes.resolve();
    expect(await dialog(page).getByLabel('Token value').inputValue()).toMatch(/^pst_/);
    await page.close();
  });
});

test('a copy of nothing, or of a part, is no copy of the value', async () => {
  const { page } = await openAccount('half-copied');
  await page.getByRole('button', { name: 'Add token' }).click();
  await dialog(page).getByLabel('Name', { exact: true }).fill('ci');
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  const field = dialog(page).getByLabel('Token value');
  for (const end of [0, 4]) {
    await field.focus();
    await field.evaluate((input: HTMLTextAreaElement, to) => input.setSelectionRange(0, to), end);
    await page.keyboard.press('Control+c');
    await page.keyboard.press('Escape');
    await dialog(page).getByText('You haven’t copied the value.').waitFor();
    await dialog(page).getByRole('button', { name: 'Keep open' }).click();
  }
  await field.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');
  await dialog(page).getByRole('button', { name: 'Copied' }).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  await page.close();
});

test('the longest life that a policy allows is allowed, also where the browser’s clock is fast', async () => {
  const { organization, serviceAccounts } = console.postern;
  const { id, page } = await openAccount('fast-clock');
  await organization.update({ tokenPolicy: { creation: 'everyone', maxLifetimeDays: 90, requireExpiry: false } });
  await page.clock.setSystemTime(Date.now() + 60_000);
  await page.getByRole('button', { name: 'Add token' }).click();
  await dialog(page).getByText('At most 90 days (policy)').waitFor();
  await dialog(page).getByLabel('Name', { exact: true }).fill('ci');
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  await dialog(page).getByLabel('Token value').waitFor();
  await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
  await dialog(page).getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Refresh token ci' }).click();
  await dialog(page).getByText('At most 90 days (policy)').waitFor();
  await dialog(page).getByRole('button', { name: 'Refresh token' }).click();
  await dialog(page).getByLabel('Token value').waitFor();
  const [token] = await serviceAccounts.tokens.list(id, { search: 'ci' }).toArray({ max: 2 });
  expect(Date.parse(token?.expiresAt ?? '') - Date.now()).toBeGreaterThan(89.9 * 86_400_000);
  await organization.update({ tokenPolicy: { creation: 'everyone', requireExpiry: false } });
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
