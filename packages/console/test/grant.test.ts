import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Console, dialog, EMAIL, joinByInvitation, openConsole, settle } from './console.ts';

/** Roles are given as they are meant: not over another one unseen, not in passing, and taken back however often it takes. */

const ACCOUNTS = '/settings/members/service-accounts';

let console: Console;

beforeAll(async () => {
  console = await openConsole();
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

/** A group with one account in it, and what that has there now. */
async function newGroup(name: string, role: 'member' | 'manager') {
  const account = await console.postern.serviceAccounts.create({
    displayName: `in-${name}`,
    organizationRole: 'member',
  });
  const group = await console.postern.groups.create({ name });
  await console.postern.groups.members.set(group.id, account.id, { role });
  return {
    account,
    group,
    roleNow: async () => (await console.postern.groups.members.list(group.id).page()).items[0]?.role,
  };
}

/** Chooses one in the dialog by its name. */
async function find(page: Page, label: string, name: string): Promise<void> {
  await dialog(page).getByLabel(label).fill(name);
  await page.getByRole('option', { name, exact: true }).click();
}

const add = (page: Page) => dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
const roleOf = (page: Page, name: string) => page.getByRole('combobox', { name: `Role of ${name}` });
const undoOf = (page: Page) => page.getByRole('status').getByRole('button', { name: 'Undo' });

describe('who is there already is not added with another role', () => {
  test('to a group, also where the list does not show them yet', async () => {
    const { group, account, roleNow } = await newGroup('taken', 'manager');
    await console.postern.groups.members.remove(group.id, account.id);
    const page = await console.open('/');
    // Nobody tells of changes.
    await page.route('**/api/v1/changes', (route) => route.abort());
    await page.goto(`/settings/groups/${group.id}`);
    await page.getByText('Nobody is in this group.').waitFor();
    const searched: (string | null)[] = [];
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === `/api/v1/groups/${group.id}/members` && searchParams.get('limit') === '200')
        searched.push(searchParams.get('search'));
    });
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await find(page, 'Member or service account', account.displayName);
    await console.postern.groups.members.set(group.id, account.id, { role: 'manager' });
    await add(page);
    const sentence = 'in-taken is here already, as Group manager. Change the role in the list.';
    await dialog(page).getByText(sentence).waitFor();
    const field = dialog(page).getByLabel('Member or service account');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await roleNow()).toBe('manager');
    expect(searched).toEqual(['in-taken']);
    await page.locator('select[aria-label="Role of in-taken"]').waitFor({ state: 'attached', timeout: 8_000 });
    // Another one can be chosen in its place.
    await console.postern.serviceAccounts.create({ displayName: 'not-yet-there', organizationRole: 'member' });
    await find(page, 'Member or service account', 'not-yet-there');
    expect(await dialog(page).getByText(sentence).count()).toBe(0);
    await add(page);
    await page.getByRole('rowheader', { name: 'not-yet-there' }).waitFor();
    await page.close();
  });

  test('on the page of an account', async () => {
    const { account, roleNow } = await newGroup('belonged-to', 'manager');
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    await settle(page);
    await page
      .getByRole('region', { name: 'Groups and workspaces' })
      .getByRole('button', { name: 'Add', exact: true })
      .click();
    await find(page, 'Group or workspace', 'belonged-to');
    await add(page);
    await dialog(page)
      .getByText(
        'in-belonged-to is in belonged-to already, as Group manager. Change the role on the page of that group.',
      )
      .waitFor();
    expect(await roleNow()).toBe('manager');
    await page.close();
  });
});

describe('a role that is chosen by keyboard', () => {
  test('is shown, and given with Enter or by going on, not in passing; Escape takes it back', async () => {
    const { group, account, roleNow } = await newGroup('passed-through', 'member');
    const page = await console.open(`/settings/groups/${group.id}`);
    const role = roleOf(page, account.displayName);
    let changes = 0;
    page.on('request', (request) => {
      if (request.method() === 'PUT') changes += 1;
    });
    await role.focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('Enter to save, Escape to take back').waitFor();
    expect(await role.inputValue()).toBe('manager');
    await page.keyboard.press('Escape');
    expect(await role.inputValue()).toBe('member');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    expect([changes, await roleNow()]).toEqual([0, 'member']);

    await role.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'Role of in-passed-through changed.' }).waitFor();
    expect([changes, await roleNow()]).toEqual([1, 'manager']);
    expect(await role.evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    await expect.poll(roleNow).toBe('member');
    expect(changes).toBe(2);
    await page.close();
  });

  test('is the only one until it is answered', async () => {
    const { group, account, roleNow } = await newGroup('one-at-a-time', 'member');
    const page = await console.open(`/settings/groups/${group.id}`);
    const role = roleOf(page, account.displayName);
    const goes = Promise.withResolvers<void>();
    let changes = 0;
    await page.route('**/members/*', async (route) => {
      changes += 1;
      await goes.promise;
      await route.continue();
    });
    await role.selectOption('Group manager');
    await expect.poll(() => changes).toBe(1);
    await role.selectOption('Member');
    expect(await role.inputValue()).toBe('manager');
    goes.resolve();
    await page.getByRole('status').filter({ hasText: 'Role of in-one-at-a-time changed.' }).waitFor();
    expect([changes, await roleNow(), await role.inputValue()]).toEqual([1, 'manager', 'manager']);
    await page.close();
  });
});

describe('what could not be taken back is offered again', () => {
  const GRACE = { email: 'grace@example.com', password: 'another long password' };
  const MEMBER = '**/api/v1/members/mem_*';

  test('after a sign-in that it asks for, and once the server can be reached', async () => {
    const id = await joinByInvitation(console, GRACE, 'Grace');
    const page = await console.open('/settings/members');
    await roleOf(page, 'Grace').selectOption('Admin');
    await undoOf(page).waitFor();
    const title = 'This change asks for a sign-in within the last 15 minutes.';
    await page.route(MEMBER, (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        body: JSON.stringify({ type: 'about:blank', title, status: 403, code: 'sign_in.stale' }),
      }),
    );
    await undoOf(page).click();
    const asked = page.getByRole('dialog', { name: 'Sign in again for this' });
    await asked.getByLabel('E-mail').fill(EMAIL);
    await asked.getByRole('textbox', { name: 'Password' }).fill('correct horse battery');
    await page.unroute(MEMBER);
    await asked.getByRole('button', { name: 'Sign in', exact: true }).click();
    await asked.waitFor({ state: 'hidden' });

    await page.route(MEMBER, (route) => route.abort());
    await undoOf(page).click();
    await page.getByRole('alert').getByText('Postern cannot be reached.').waitFor();
    await page.unroute(MEMBER);
    await undoOf(page).click();
    await expect.poll(async () => (await console.postern.members.get(id)).organizationRole).toBe('member');
    await undoOf(page).waitFor({ state: 'detached' });
    await page.close();
  });
});

test('what could not be taken back is offered once, and to nobody who signs in after them', async () => {
  const { group, account } = await newGroup('left-alone', 'member');
  const page = await console.signIn();
  await page.goto(`/settings/groups/${group.id}`);
  const role = roleOf(page, account.displayName);
  const given = '**/members/sa_*';
  for (const [index, label] of ['Group manager', 'Member'].entries()) {
    await page.unroute(given);
    await role.selectOption(label);
    await expect.poll(() => undoOf(page).count()).toBe(index + 1);
    await page.route(given, (route) => route.abort());
    await undoOf(page).last().click();
    await expect.poll(() => page.getByRole('alert').count()).toBe(index + 1);
  }
  expect(await undoOf(page).count()).toBe(1);
  await page.getByRole('button', { name: /^Account menu/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await undoOf(page).count()).toBe(0);
  await page.context().close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
