import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Console, choose, dialog, EMAIL, join, joinByInvitation, openConsole, settle } from './console.ts';

/** People, and who is in what: what is done in a row, and what somebody else does to it meanwhile. */

const MEMBERS = '/settings/members';
const ACCOUNTS = '/settings/members/service-accounts';
const PASSWORD = 'another long password';
const CHANGED = 'Somebody has changed it since. It stays as they left it.';

let console: Console;

beforeAll(async () => {
  console = await openConsole();
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

const alert = (page: Page) => page.getByRole('alert');
const rowOf = (page: Page, name: string) => page.getByRole('row', { name });
const joined = (name: string) =>
  joinByInvitation(console, { email: `${name.toLowerCase()}@example.com`, password: PASSWORD }, name);
const newAccount = (displayName: string) =>
  console.postern.serviceAccounts.create({ displayName, organizationRole: 'member' });

/** What takes back what was just done; it waits as long as it has the focus. */
async function undoOf(page: Page, done: string): Promise<Locator> {
  const undo = page.getByRole('status').filter({ hasText: done }).getByRole('button', { name: 'Undo' });
  await undo.focus();
  return undo;
}

/** A group that accounts of these names are in, and its page. */
async function openGroup(name: string, accounts: readonly string[]) {
  const group = await console.postern.groups.create({ name });
  const ids = await Promise.all(accounts.map(async (account) => (await newAccount(account)).id));
  for (const id of ids) await console.postern.groups.members.set(group.id, id, { role: 'member' });
  const page = await console.open(`/settings/groups/${group.id}`);
  await settle(page);
  const members = async () => {
    const { items } = await console.postern.groups.members.list(group.id).page();
    return items.map(({ principal, role }) => `${principal.displayName}: ${role}`);
  };
  return { group, ids, page, members };
}

describe('a role in the organization', () => {
  test('is taken back, also where the list knew the new one before the answer had come', async () => {
    const id = await joined('Barbara');
    const page = await console.open(MEMBERS);
    const role = page.getByRole('combobox', { name: 'Role of Barbara' });
    await page.route(`**/members/${id}`, async (route) => {
      const answer = await route.fetch();
      await expect.poll(() => role.inputValue()).toBe('admin');
      await route.fulfill({ response: answer });
    });
    await role.selectOption('Admin');
    const undo = await undoOf(page, 'Barbara is now an admin.');
    await page.unroute(`**/members/${id}`);
    await undo.click();
    await expect.poll(() => role.inputValue()).toBe('member');
    expect((await console.postern.members.get(id)).organizationRole).toBe('member');
    await page.close();
  });

  test('is not taken back over what somebody has changed since', async () => {
    const id = await joined('Edsger');
    const page = await console.open(MEMBERS);
    await page.getByRole('combobox', { name: 'Role of Edsger' }).selectOption('Admin');
    const undo = await undoOf(page, 'Edsger is now an admin.');
    await console.postern.members.update(id, { organizationRole: 'member' });
    await console.postern.members.update(id, { organizationRole: 'admin' });
    await undo.click();
    await alert(page).getByText('The resource has changed since it was read.').waitFor();
    expect((await console.postern.members.get(id)).organizationRole).toBe('admin');
    await page.close();
  });
});

describe('who is asked about', () => {
  test('links are shown where the form was, and the focus is in their dialog', async () => {
    const page = await console.open(MEMBERS);
    await page.getByRole('button', { name: 'Invite members' }).click();
    await dialog(page).getByLabel('E-mails').fill('invited@example.com');
    await dialog(page).getByRole('button', { name: 'Invite', exact: true }).click();
    await page.getByRole('dialog', { name: 'Invited' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
    await choose(page, 'invited@example.com', 'Resend invitation');
    await page.getByRole('dialog', { name: 'A new link' }).getByText('/invitation#').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Actions for invited@example.com' }).and(page.locator(':focus')).waitFor();
    await page.close();
  });

  test('an e-mail that is none is named', async () => {
    const page = await console.open(MEMBERS);
    await page.getByRole('button', { name: 'Invite members' }).click();
    await dialog(page).getByLabel('E-mails').fill('right@example.com, wrong@example, also.wrong');
    await dialog(page).getByRole('button', { name: 'Invite', exact: true }).click();
    await dialog(page)
      .getByText(/wrong@example must be an e-mail address\./)
      .waitFor();
    expect(await dialog(page).getByLabel('E-mails').getAttribute('aria-invalid')).toBe('true');
    await page.close();
  });

  test('an invitation is not withdrawn from who has joined meanwhile', async () => {
    const person = { email: 'late@example.com', password: PASSWORD };
    const [invited] = await console.postern.members.invite({ emails: [person.email] });
    const page = await console.open(MEMBERS);
    await choose(page, person.email, 'Withdraw invitation');
    await dialog(page).getByText('Withdraw the invitation?').waitFor();
    await join(console, invited?.invitation?.link ?? '', person, 'Latecomer');
    // Behind the dialog, where the list is hidden from who cannot see.
    await page.locator('tr', { hasText: 'Latecomer' }).getByText('Active').waitFor();
    await dialog(page).getByRole('button', { name: 'Withdraw', exact: true }).click();
    await dialog(page).getByText('Latecomer has joined meanwhile, and is a member now. Nobody was removed.').waitFor();
    expect((await console.postern.members.get(invited?.invitation?.member.id ?? '')).status).toBe('active');
    await page.close();
  });

  test('the question stays where the row has gone meanwhile, and the answer says so', async () => {
    const id = await joined('Ephemera');
    const page = await console.open(MEMBERS);
    await choose(page, 'Ephemera', 'Remove from organization');
    await dialog(page).getByText('Their sessions and tokens end at once').waitFor();
    await console.postern.members.delete(id);
    await page.locator('tr', { hasText: 'Ephemera' }).waitFor({ state: 'detached' });
    await dialog(page).getByRole('button', { name: 'Remove', exact: true }).click();
    await dialog(page).getByRole('alert').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    // Where its row was is nothing to go back to.
    await page.getByRole('heading', { level: 1, name: 'Members' }).and(page.locator(':focus')).waitFor();
    await page.close();
  });
});

describe('who is in a group', () => {
  test('a removal is not taken back over who has been added again since', async () => {
    const { group, ids, page, members } = await openGroup('taken-back', ['added-again']);
    await page.getByRole('button', { name: 'Remove added-again' }).click();
    const undo = await undoOf(page, 'added-again removed.');
    await console.postern.groups.members.set(group.id, ids[0] ?? '', { role: 'manager' });
    await undo.click();
    await alert(page).getByText(CHANGED).waitFor();
    expect(await members()).toEqual(['added-again: manager']);
    await page.close();
  });

  test('a role is not taken back from who has been removed since', async () => {
    const { group, ids, page, members } = await openGroup('given-back', ['promoted']);
    const role = page.getByRole('combobox', { name: 'Role of promoted' });
    await role.selectOption('Group manager');
    await page.getByRole('status').filter({ hasText: 'Role of promoted changed.' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(members).toEqual(['promoted: member']);
    await expect.poll(() => role.inputValue()).toBe('member');

    await role.selectOption('Group manager');
    const undo = await undoOf(page, 'Role of promoted changed.');
    await console.postern.groups.members.remove(group.id, ids[0] ?? '');
    await undo.click();
    await alert(page).getByText(CHANGED).waitFor();
    expect(await members()).toEqual([]);
    await page.close();
  });

  test('the same on the page of an account', async () => {
    const account = await newAccount('belongs');
    const group = await console.postern.groups.create({ name: 'belonged-to' });
    await console.postern.groups.members.set(group.id, account.id, { role: 'member' });
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    await page.getByRole('button', { name: 'Remove from belonged-to' }).click();
    await page.getByRole('heading', { name: 'Groups and workspaces' }).and(page.locator(':focus')).waitFor();
    const undo = await undoOf(page, 'Removed from belonged-to.');
    await console.postern.groups.members.set(group.id, account.id, { role: 'manager' });
    await undo.click();
    await alert(page).getByText(CHANGED).waitFor();
    const { groups } = await console.postern.serviceAccounts.memberships(account.id);
    expect(groups.map(({ role }) => role)).toEqual(['manager']);
    await page.close();
  });

  test('a double click removes one, and not who comes to stand there; the focus stays near', async () => {
    const { page, members } = await openGroup('clicked-twice', ['twice-1', 'twice-2', 'twice-3']);
    const remove = page.getByRole('button', { name: /^Remove twice-/ });
    const box = await remove.first().boundingBox();
    const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
    await page.mouse.click(x, y);
    await page.getByRole('status').filter({ hasText: 'twice-1 removed.' }).waitFor();
    await page.getByRole('button', { name: 'Remove twice-1' }).waitFor({ state: 'detached' });
    expect((await remove.first().boundingBox())?.y).toBe(box?.y);
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    await page.getByRole('button', { name: 'Remove twice-3' }).click();
    await page.getByRole('status').filter({ hasText: 'twice-3 removed.' }).waitFor();
    expect(await members()).toEqual(['twice-2: member']);
    await page.getByRole('heading', { level: 2, name: 'Members' }).and(page.locator(':focus')).waitFor();
    await page.close();
  });

  test('what offers to take it back stays as long as it has the focus', async () => {
    const { page } = await openGroup('unhurried', ['stays-offered']);
    await page.clock.install();
    await page.getByRole('button', { name: 'Remove stays-offered' }).click();
    const undo = page.getByRole('button', { name: 'Undo' });
    await undo.focus();
    await page.clock.fastForward(20_000);
    await undo.and(page.locator(':focus')).waitFor();
    await page.getByRole('heading', { level: 1 }).focus();
    await page.clock.fastForward(20_000);
    await undo.waitFor({ state: 'detached' });
    await page.close();
  });

  test('that more could not be had is said until the list has been read anew', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `many-${index + 10}`);
    const { page } = await openGroup('broken-off', names);
    // It is read anew when its stream begins, and that is when this lets it.
    const follows = Promise.withResolvers<void>();
    await page.route('**/api/v1/changes', async (route) => {
      await follows.promise;
      await route.continue();
    });
    await page.reload();
    const MORE = '**/members?*cursor=*';
    await page.route(MORE, (route) => route.abort());
    await page.getByRole('button', { name: 'Load 50 more' }).click();
    await alert(page).getByText('Couldn’t load members of this group. Postern cannot be reached.').waitFor();
    follows.resolve();
    await alert(page).waitFor({ state: 'detached' });
    await page.close();
  });
});

describe('what is searched for', () => {
  test('who is gone to by the palette stands in the field of the page that is there already', async () => {
    await joined('Findable');
    const page = await console.open(`${MEMBERS}?search=ada`);
    await rowOf(page, EMAIL).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search or jump to' }).fill('Findable');
    await page.getByRole('option', { name: /Findable/ }).click();
    await rowOf(page, 'Findable').waitFor();
    const field = page.getByRole('searchbox', { name: 'Search' });
    await expect.poll(() => field.inputValue()).toBe('Findable');
    await field.fill('nobody-like-it');
    await page.getByText('No member matches.').waitFor();
    await page.getByRole('button', { name: 'Clear search' }).click();
    await rowOf(page, EMAIL).waitFor();
    expect(await field.inputValue()).toBe('');
    await page.close();
  });

  test('the same for service accounts, and how they are sorted stays', async () => {
    await newAccount('sorted-last');
    const page = await console.open(`${ACCOUNTS}?search=sorted-last&sort=-createdAt`);
    await rowOf(page, 'sorted-last').waitFor();
    const field = page.getByRole('searchbox', { name: 'Search' });
    await field.fill('nothing-like-it');
    await page.getByText('No service account matches.').waitFor();
    await page.getByRole('button', { name: 'Clear search' }).click();
    await rowOf(page, 'sorted-last').waitFor();
    expect(await field.inputValue()).toBe('');
    expect(new URL(page.url()).search).toBe('?sort=-createdAt');
    await page.close();
  });

  test('what was chosen in the palette stays chosen when another comes before it', async () => {
    await newAccount('palette-b');
    const page = await console.open('/');
    await settle(page);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search or jump to' }).fill('palette-');
    await page.getByRole('option', { name: /palette-b/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await newAccount('palette-a');
    await page.getByRole('option', { name: /palette-a/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'palette-b' }).waitFor();
    await page.close();
  });
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
