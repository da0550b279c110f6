import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Console, isInHeap, openConsole, statusOf } from './console.ts';

/** Managing service accounts, as its instructions are written: each test is one step of them, in their own words. */

const TOKEN = /^pst_[0-9A-Za-z]{49}$/;

describe.each(['sqlite', 'postgres'] as const)('managing service accounts on %s', (engine) => {
  let console: Console;
  let page: Page;
  /** The values that were copied, the latest first. */
  const values: string[] = [];

  beforeAll(async () => {
    console = await openConsole(engine);
    page = await console.signIn();
  });
  afterAll(async () => {
    await console?.[Symbol.asyncDispose]();
  });

  const dialog = () => page.getByRole('dialog');
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());

  function reachTheTab(): void {
    test('In the header, click the initials icon and select Settings.', async () => {
      await page.getByRole('button', { name: /^Account menu/ }).click();
      await page.getByRole('menuitem', { name: 'Settings' }).click();
    });
    test('Click Members, then select the Service accounts tab.', async () => {
      await page.getByRole('link', { name: 'Members', exact: true }).click();
      await page.getByRole('tab', { name: 'Service accounts' }).click();
      await page.getByRole('tab', { name: 'Service accounts', selected: true }).waitFor();
    });
  }

  function reachTheAccount(): void {
    reachTheTab();
    test('In the service accounts list, select the service account.', async () => {
      await page.getByRole('link', { name: 'nightly-import' }).click();
      await page.getByRole('heading', { level: 1, name: 'nightly-import' }).waitFor();
    });
  }

  function copyTheToken(): void {
    test('Copy the token. After closing the dialog, the value is not shown again.', async () => {
      await dialog().getByRole('button', { name: 'Copy', exact: true }).click();
      await dialog().getByRole('button', { name: 'Copied' }).waitFor();
      const value = await clipboard();
      expect(value).toMatch(TOKEN);
      // The page is the same whatever the database is.
      if (engine === 'sqlite') expect(await isInHeap(page, value)).toBe(true);
      expect(await statusOf(console, value)).toBe(200);
      await dialog().getByRole('button', { name: 'Done' }).click();
      await dialog().waitFor({ state: 'hidden' });
      expect(await page.content()).not.toContain(value);
      if (engine === 'sqlite') {
        await expect.poll(() => isInHeap(page, value), { timeout: 30_000 }).toBe(false);
      }
      values.unshift(value);
    });
  }

  describe('Adding service accounts', () => {
    reachTheTab();
    test('Click Add service account.', async () => {
      await page.getByRole('button', { name: 'Add service account' }).first().click();
      await dialog().waitFor();
    });
    test('Add a display name for the service account, reflecting the account’s intended usage.', async () => {
      await dialog().getByLabel('Display name').fill('nightly-import');
    });
    test('Select an organization-level role.', async () => {
      expect(await dialog().getByRole('radio', { name: 'Member' }).isChecked()).toBe(true);
      await dialog().getByRole('radio', { name: 'Member' }).check();
    });
    test('Click Create.', async () => {
      await dialog().getByRole('button', { name: 'Create', exact: true }).click();
      await dialog().getByText('nightly-import was created.').waitFor();
    });
    test('Add the account’s first OAuth token or click Skip.', async () => {
      await dialog().getByRole('button', { name: 'Skip' }).click();
      await page.getByRole('heading', { level: 1, name: 'nightly-import' }).waitFor();
      await page.getByText('This account can’t call anything yet.').waitFor();
    });
  });

  describe('Adding OAuth tokens', () => {
    reachTheAccount();
    test('Click Add token.', async () => {
      await page.getByRole('button', { name: 'Add token' }).click();
    });
    test('Enter a name and description for the token.', async () => {
      await dialog().getByLabel('Name').fill('ci');
      await dialog().getByLabel('Description').fill('GitHub Actions');
    });
    test('Select or define a custom expiration date for the token. The default setting is Never expires.', async () => {
      expect(await dialog().getByRole('combobox', { name: 'Expiration' }).inputValue()).toBe('Never expires');
      await dialog().getByRole('combobox', { name: 'Expiration' }).click();
      await page.getByRole('option', { name: '90 days' }).click();
      await dialog()
        .getByText(/^Expires /)
        .waitFor();
    });
    test('Click Add.', async () => {
      await dialog().getByRole('button', { name: 'Add', exact: true }).click();
      await dialog().getByLabel('Token value').waitFor();
    });
    copyTheToken();
    test('and its row is in the OAuth tokens table.', async () => {
      const row = page.getByRole('table', { name: 'OAuth tokens' }).getByRole('row', { name: /ci/ });
      expect(await row.innerText()).toContain(`…${values[0]?.slice(-10, -6)}`);
    });
  });

  describe('Refreshing tokens', () => {
    reachTheAccount();
    test('In the OAuth tokens table, click the refresh icon of the token to refresh.', async () => {
      await page.getByRole('button', { name: 'Refresh token ci' }).click();
    });
    test('Select or define a custom expiration date for the token. The default setting is Never expires.', async () => {
      expect(await dialog().getByRole('combobox', { name: 'Expiration' }).inputValue()).toBe('Never expires');
    });
    test('Click Refresh token.', async () => {
      await dialog().getByRole('button', { name: 'Refresh token' }).click();
      await dialog().getByLabel('Token value').waitFor();
    });
    copyTheToken();
    test('Refreshing a token updates its value: the one before is refused.', async () => {
      expect(values).toHaveLength(2);
      expect(await statusOf(console, values[1] ?? '')).toBe(401);
    });
  });

  describe('Deleting tokens', () => {
    reachTheAccount();
    test('In the OAuth tokens table, click the delete icon of the token to delete.', async () => {
      await page.getByRole('button', { name: 'Delete token ci' }).click();
    });
    test('Enter the confirmation text and click Delete token.', async () => {
      const confirm = dialog().getByRole('button', { name: 'Delete token' });
      expect(await confirm.getAttribute('aria-disabled')).toBe('true');
      await dialog().getByLabel('Type ci to confirm').fill('ci');
      await confirm.click();
      await page.getByRole('status').filter({ hasText: 'Deleted. In force' }).waitFor();
      expect(await statusOf(console, values[0] ?? '')).toBe(401);
    });
    test('To delete all tokens, click More above the OAuth tokens table, then select Delete all tokens.', async () => {
      const [account] = (await console.postern.serviceAccounts.list({ search: 'nightly-import' }).page()).items;
      const id = account?.id ?? '';
      const issued = await Promise.all(
        ['one', 'two'].map((name) => console.postern.serviceAccounts.tokens.create(id, { name })),
      );
      await page.reload();
      await page.getByRole('button', { name: 'Refresh token one' }).waitFor();
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: 'Delete all tokens' }).click();
      await dialog().getByLabel('Type delete all tokens to confirm').fill('delete all tokens');
      await dialog().getByRole('button', { name: 'Delete all tokens' }).click();
      await page.getByRole('status').filter({ hasText: '2 tokens deleted.' }).waitFor();
      for (const { value } of issued) expect(await statusOf(console, value.reveal())).toBe(401);
    });
  });

  describe('Disabling service accounts', () => {
    let value: string;
    reachTheTab();
    test('In the service accounts list, click the overflow icon of the account to disable, then select Disable.', async () => {
      const [account] = (await console.postern.serviceAccounts.list({ search: 'nightly-import' }).page()).items;
      const id = account?.id ?? '';
      value = (await console.postern.serviceAccounts.tokens.create(id, { name: 'ci' })).value.reveal();
      const group = await console.postern.groups.create({ name: 'importers' });
      await console.postern.groups.members.set(group.id, id, { role: 'member' });
      await page.getByRole('button', { name: 'Actions for nightly-import' }).click();
      await page.getByRole('menuitem', { name: 'Disable' }).click();
    });
    test('Click Disable to confirm.', async () => {
      await dialog().getByText('1 group and 0 workspaces are kept.').waitFor();
      await dialog().getByRole('button', { name: 'Disable', exact: true }).click();
      await page.getByRole('status').filter({ hasText: 'Disabled. In force' }).waitFor();
      expect(await statusOf(console, value)).toBe(401);
    });
    test('You can enable previously disabled service accounts: click the overflow icon, then select Enable.', async () => {
      await page.getByRole('button', { name: 'Actions for nightly-import' }).click();
      await page.getByRole('menuitem', { name: 'Enable' }).click();
      await page.getByRole('status').filter({ hasText: 'Enabled. It has no tokens.' }).waitFor();
      expect(await statusOf(console, value)).toBe(401);
      const [account] = (await console.postern.serviceAccounts.list({ search: 'nightly-import' }).page()).items;
      const { groups } = await console.postern.serviceAccounts.memberships(account?.id ?? '');
      expect(groups.map(({ name }) => name)).toEqual(['importers']);
    });
  });

  describe('Deleting service accounts', () => {
    reachTheTab();
    test('Click the overflow icon of the account, then select Delete service account.', async () => {
      await page.getByRole('button', { name: 'Actions for nightly-import' }).click();
      await page.getByRole('menuitem', { name: 'Delete service account' }).click();
    });
    test('Click Remove to confirm.', async () => {
      await dialog().getByRole('button', { name: 'Remove' }).click();
      await page.getByRole('status').filter({ hasText: 'Deleted. In force' }).waitFor();
      await page.getByRole('link', { name: 'nightly-import' }).waitFor({ state: 'detached' });
      const { items } = await console.postern.serviceAccounts.list({ search: 'nightly-import' }).page();
      expect(items).toEqual([]);
    });
  });

  test('nothing in all this broke the policy, failed, or went elsewhere', () => {
    expect(console.trouble).toEqual([]);
  });
});
