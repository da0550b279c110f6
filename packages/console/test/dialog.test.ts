import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Console, choose, dialog, openConsole, settle } from './console.ts';

/** What a dialog holds is not lost: not by a key, not by what somebody else does meanwhile, not by going away. */

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

const isFocused = (element: Locator) => element.evaluate((node) => node === document.activeElement);
/** Until the heading with that text has the focus. */
const onHeading = (page: Page, name: string) =>
  page.getByRole('heading', { name, exact: true }).and(page.locator(':focus')).waitFor();

/** Requests of this kind wait until they are let go, and are waited for. */
async function hold(page: Page, method: string, path: RegExp): Promise<{ came: Promise<void>; letGo: () => void }> {
  const came = Promise.withResolvers<void>();
  const goes = Promise.withResolvers<void>();
  await page.route(path, async (route) => {
    if (route.request().method() === method) {
      came.resolve();
      await goes.promise;
    }
    // The page may be gone by then.
    await route.continue().catch(() => undefined);
  });
  return { came: came.promise, letGo: goes.resolve };
}

describe('what is waited for', () => {
  test('is not walked away from, and its answer closes no other dialog', async () => {
    const account = await newAccount('slowly-saved');
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    await page.getByRole('button', { name: 'Rename' }).click();
    const patch = await hold(page, 'PATCH', /\/service-accounts\//);
    await dialog(page).getByLabel('Display name').fill('mine');
    await console.postern.serviceAccounts.update(account.id, { displayName: 'theirs' });
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await patch.came;
    await page.keyboard.press('Escape');
    await dialog(page).getByRole('button', { name: 'Close' }).click();
    await dialog(page).getByRole('button', { name: 'Saving…' }).waitFor();
    patch.letGo();
    const conflict = dialog(page).getByRole('alert');
    await conflict.getByText('Somebody changed this account while you were editing it.').waitFor();
    expect(await isFocused(conflict.getByRole('button', { name: 'Take theirs' }))).toBe(true);
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    await page.close();
  });

  test('is not walked away from in the instant in which it is sent either', async () => {
    const account = await newAccount('hastily-left');
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    await page.getByRole('button', { name: 'Rename' }).click();
    const patch = await hold(page, 'PATCH', /\/service-accounts\//);
    await dialog(page).getByLabel('Display name').fill('left');
    await dialog(page)
      .getByRole('button', { name: 'Save' })
      .evaluate((button: HTMLElement) => {
        button.click();
        button.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', code: 'Escape', bubbles: true }));
      });
    await patch.came;
    await dialog(page).getByRole('button', { name: 'Saving…' }).waitFor();
    patch.letGo();
    await dialog(page).waitFor({ state: 'hidden' });
    await page.close();
  });

  test('may be the first token of an account whose list is still being read', async () => {
    const page = await console.open(ACCOUNTS);
    await page.getByRole('button', { name: 'Add service account' }).first().click();
    await dialog(page).getByLabel('Display name').fill('hasty');
    const list = await hold(page, 'GET', /\/api\/v1\/service-accounts\?/);
    const post = await hold(page, 'POST', /\/tokens$/);
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).click();
    await dialog(page).getByLabel('Name', { exact: true }).fill('ci');
    await list.came;
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    await post.came;
    list.letGo();
    await page.getByRole('rowheader', { name: 'hasty' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).getByRole('button', { name: 'Adding…' }).waitFor();
    post.letGo();
    expect(await dialog(page).getByLabel('Token value').inputValue()).toMatch(/^pst_/);
    await page.close();
  });

  test('may be what is edited: it is said, and then the first field has the focus', async () => {
    await console.postern.groups.create({ name: 'slowly-read' });
    const page = await console.open('/settings/groups?search=slowly-read');
    const read = await hold(page, 'GET', /\/api\/v1\/groups\/[^/?]+$/);
    await choose(page, 'slowly-read', 'Edit');
    await dialog(page).getByText('Loading this group…').waitFor();
    const isInDialog = () => page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null);
    await expect.poll(isInDialog).toBe(true);
    // Still held down from the menu, say.
    await page.keyboard.press('Enter');
    read.letGo();
    await expect.poll(() => isFocused(dialog(page).getByLabel('Name'))).toBe(true);
    await page.close();
  });
});

test('Escape closes the window on top, and no other', async () => {
  const page = await console.open('/settings/groups');
  await page.getByRole('button', { name: 'Add group' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add group' });
  await form.getByLabel('Name').fill('not lost');
  // No shortcut is taken from what is being typed.
  await form.getByRole('button', { name: 'Cancel' }).focus();
  await page.keyboard.press('Control+k');
  const search = page.getByRole('combobox', { name: 'Search or jump to' });
  await search.waitFor();
  await page.keyboard.press('Escape');
  await search.waitFor({ state: 'hidden' });
  expect(await form.getByLabel('Name').inputValue()).toBe('not lost');
  await page.keyboard.press('Escape');
  await form.waitFor({ state: 'hidden' });
  await page.close();
});

describe('a row that goes', () => {
  test('leaves the value that is shown this once', async () => {
    const account = await newAccount('value-outlives-row');
    const { tokens } = console.postern.serviceAccounts;
    const { token } = await tokens.create(account.id, { name: 'ci' });
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    await page.getByRole('button', { name: 'Refresh token ci' }).click();
    await dialog(page).getByRole('button', { name: 'Refresh token' }).click();
    const value = await dialog(page).getByLabel('Token value').inputValue();
    await tokens.delete(account.id, token.id);
    await page.getByText('This account can’t call anything yet.').waitFor();
    expect(await dialog(page).getByLabel('Token value').inputValue()).toBe(value);
    await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
    await dialog(page).getByRole('button', { name: 'Done' }).click();
    await onHeading(page, 'OAuth tokens');
    await page.close();
  });

  test('leaves what was written, and the focus to the heading over its list', async () => {
    const { groups } = console.postern;
    const group = await groups.create({ name: 'renamed-away' });
    const page = await console.open('/settings/groups?search=renamed-away');
    await choose(page, 'renamed-away', 'Edit');
    await dialog(page).getByLabel('Description').fill('much text');
    await groups.update(group.id, { name: 'out-of-the-search' });
    await page.getByText('Nothing matches.').waitFor();
    expect(await dialog(page).getByLabel('Description').inputValue()).toBe('much text');
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await onHeading(page, 'Groups');
    await page.close();
  });

  test('by an edit or by being enabled leaves the focus to the heading over its list', async () => {
    const account = await newAccount('switched-off');
    await console.postern.serviceAccounts.disable(account.id);
    const page = await console.open(`${ACCOUNTS}?status=disabled&search=switched`);
    await choose(page, 'switched-off', 'Enable');
    await page.getByText('No service account matches.').waitFor();
    await onHeading(page, 'Members');
    await page.goto(`${ACCOUNTS}?search=switched`);
    await choose(page, 'switched-off', 'Edit');
    await dialog(page).getByLabel('Display name').fill('renamed');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).waitFor({ state: 'hidden' });
    await page.getByText('No service account matches.').waitFor();
    await onHeading(page, 'Members');
    await page.close();
  });

  test('late takes the focus from nobody', async () => {
    await newAccount('late-to-go');
    const page = await console.open(`${ACCOUNTS}?search=late-to-go`);
    await choose(page, 'late-to-go', 'Delete service account');
    const list = await hold(page, 'GET', /\/api\/v1\/service-accounts\?/);
    await dialog(page).getByRole('button', { name: 'Remove' }).click();
    await list.came;
    await dialog(page).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Add service account' }).click();
    const field = dialog(page).getByLabel('Display name');
    await expect.poll(() => isFocused(field)).toBe(true);
    list.letGo();
    // It is said as the very last.
    await page.getByRole('status').filter({ hasText: 'Deleted.' }).waitFor();
    expect(await isFocused(field)).toBe(true);
    await page.close();
  });
});

test('a page leads away before what it was about is asked for again', async () => {
  const group = await console.postern.groups.create({ name: 'left-behind' });
  const page = await console.open(`/settings/groups/${group.id}`);
  const missing: string[] = [];
  page.on('response', (answer) => {
    if (answer.status() === 404) missing.push(answer.url());
  });
  await choose(page, 'left-behind', 'Delete group');
  await dialog(page).getByRole('button', { name: 'Delete group' }).click();
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor();
  await page.getByRole('status').filter({ hasText: 'Deleted.' }).waitFor();
  expect(missing).toEqual([]);
  await page.close();
});

test('an address asks for a dialog as often as somebody goes there, and a reload does not', async () => {
  const account = await newAccount('asked-by-address');
  await console.postern.serviceAccounts.disable(account.id);
  const page = await console.open(`${ACCOUNTS}/${account.id}`);
  await page.getByRole('button', { name: 'Enable', exact: true }).click();
  const link = page.getByRole('link', { name: 'Add token' });
  await link.waitFor();
  expect(await isFocused(page.getByRole('heading', { level: 1 }))).toBe(true);
  for (const _ of [1, 2]) {
    await link.click();
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    // The toast stays while it has the focus, or the pointer.
    await link.hover();
  }
  expect(new URL(page.url()).search).toBe('');
  await page.goto(`${ACCOUNTS}?add=true`);
  await dialog(page).getByLabel('Display name').waitFor();
  await page.waitForURL((url) => url.search === '');
  await page.reload();
  await settle(page);
  expect(await dialog(page).count()).toBe(0);
  await page.close();
});

test('going Back or elsewhere asks first where a value was not copied', async () => {
  const account = await newAccount('back-and-forth');
  const page = await console.open(ACCOUNTS);
  await page.getByRole('link', { name: 'back-and-forth' }).click();
  await page.getByRole('button', { name: 'Add token' }).click();
  await dialog(page).getByLabel('Name').fill('ci');
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  const field = dialog(page).getByLabel('Token value');
  const value = await field.inputValue();
  const goBack = () => page.evaluate(() => history.back());
  await goBack();
  await dialog(page).getByRole('alert').getByText('You haven’t copied the value.').waitFor();
  expect(await field.inputValue()).toBe(value);
  await dialog(page).getByRole('button', { name: 'Keep open' }).click();
  await page.waitForURL(`**${ACCOUNTS}/${account.id}`);
  await dialog(page).getByRole('button', { name: 'Done' }).focus();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or jump to' }).fill('aud');
  await page.getByRole('option', { name: /^Audit log/ }).click();
  await dialog(page).getByRole('alert').getByText('You haven’t copied the value.').waitFor();
  expect(await field.inputValue()).toBe(value);
  await dialog(page).getByRole('button', { name: 'Keep open' }).click();
  await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
  await dialog(page).getByRole('button', { name: 'Copied' }).waitFor();
  await goBack();
  await page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
  await page.close();
});

test('an old value is ended once, and the focus stays in its section, whoever was faster', async () => {
  const account = await newAccount('two-values');
  const { tokens } = console.postern.serviceAccounts;
  const { token } = await tokens.create(account.id, { name: 'ci' });
  await tokens.refresh(account.id, token.id, { overlapSeconds: 3_600 });
  const page = await console.open(`${ACCOUNTS}/${account.id}`);
  await page.getByRole('button', { name: 'End now' }).click();
  await tokens.endOverlap(account.id, token.id);
  await page.getByText('No calls since the refresh.').waitFor({ state: 'detached' });
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await onHeading(page, 'OAuth tokens');
  await tokens.refresh(account.id, token.id, { overlapSeconds: 3_600 });
  let ends = 0;
  page.on('request', (request) => {
    if (request.method() !== 'GET') ends += 1;
  });
  await page.getByRole('button', { name: 'End now' }).click();
  await dialog(page).getByRole('button', { name: 'End now' }).dblclick();
  await page.getByRole('status').filter({ hasText: 'The old value of ci has ended.' }).waitFor();
  await onHeading(page, 'OAuth tokens');
  expect(ends).toBe(1);
  await page.close();
});

test('all tokens are as many as there are, not as many as are shown', async () => {
  const account = await newAccount('many-tokens');
  const names = Array.from({ length: 51 }, (_, index) => `token-${index}`);
  await Promise.all(names.map((name) => console.postern.serviceAccounts.tokens.create(account.id, { name })));
  const page = await console.open(`${ACCOUNTS}/${account.id}`);
  await page.getByRole('button', { name: 'Load' }).waitFor();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Delete all tokens' }).click();
  await dialog(page).getByText('51 tokens are deleted for good.').waitFor();
  await page.close();
});

test('who edits a permission that somebody has changed meanwhile is told, and can take it back', async () => {
  const { permissions } = console.postern;
  const describedAs = async () => (await permissions.list()).find(({ name }) => name === 'invoices.read')?.description;
  await permissions.create({ name: 'invoices.read', description: 'before' });
  const page = await console.open('/settings/roles');
  const conditions: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') conditions.push(request.headers()['if-match']);
  });
  await choose(page, 'invoices.read', 'Edit');
  await dialog(page).getByLabel('Description').fill('mine');
  await permissions.update('invoices.read', { description: 'theirs' });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await dialog(page).getByText('Somebody changed this permission while you were editing it.').waitFor();
  await dialog(page).getByRole('cell', { name: 'theirs' }).waitFor();
  expect(await describedAs()).toBe('theirs');
  await dialog(page).getByRole('button', { name: 'Keep mine' }).click();
  await expect.poll(describedAs).toBe('mine');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(describedAs).toBe('theirs');
  // The list has no versions, and what was saved has one.
  expect(conditions).toEqual([undefined, expect.stringMatching(/^"\d+"$/)]);
  await page.close();
});

test('who corrects one of several fields goes on writing in it', async () => {
  const page = await console.open('/settings/groups');
  await page.getByRole('button', { name: 'Add group' }).first().click();
  const [name, description] = [dialog(page).getByLabel('Name'), dialog(page).getByLabel('Description')];
  await name.fill('two');
  await page.route('**/api/v1/groups', (route) =>
    route.fulfill({
      status: 400,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'about:blank',
        title: 'The request is not valid.',
        status: 400,
        code: 'request.invalid',
        errors: ['/name', '/description'].map((path) => ({ path, message: 'must be said otherwise' })),
      }),
    }),
  );
  await dialog(page).getByRole('button', { name: 'Create', exact: true }).click();
  await expect.poll(() => isFocused(name)).toBe(true);
  await page.keyboard.press('End');
  await page.keyboard.type(' words');
  expect([await name.inputValue(), await description.inputValue()]).toEqual(['two words', '']);
  expect(await description.getAttribute('aria-invalid')).toBe('true');
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
