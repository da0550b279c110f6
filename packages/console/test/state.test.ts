import { inDays } from '@postern/sdk';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPostern } from '../../cli/test/command.ts';
import { type Console, dialog, joinByInvitation, openConsole, type Person, settle } from './console.ts';

/** What the console says where there is nothing to do: to whom it is forbidden, on which plan, and what is not known. */

const ACCOUNTS = '/settings/members/service-accounts';
const GRACE: Person = { email: 'grace@example.com', password: 'another long password' };

let console: Console;
let graceId: string;

beforeAll(async () => {
  // Beside a server on PostgreSQL, the operator may set the plan.
  console = await openConsole('postgres');
  graceId = await joinByInvitation(console, GRACE, 'Grace');
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

describe('for a member', () => {
  test.each([
    [ACCOUNTS, 'manage service accounts'],
    [`${ACCOUNTS}?add=true&search=x`, 'manage service accounts'],
    ['/settings/members', 'manage members'],
    ['/settings/groups', 'manage groups'],
    ['/settings/roles', 'manage roles'],
    ['/audit-log', 'read the audit log'],
  ])('%s says who can, and whom to ask; there is nothing to search, filter or add', async (path, can) => {
    const page = await console.open(path, GRACE);
    await page.getByRole('alert').getByText(`Only organization admins can ${can}. Ask ada.`, { exact: true }).waitFor();
    await settle(page);
    const main = page.getByRole('main');
    expect(await main.getByRole('textbox').or(main.getByRole('searchbox')).count()).toBe(0);
    expect(await main.getByRole('button').count()).toBe(0);
    expect(await dialog(page).count()).toBe(0);
    await page.close();
  });

  test('an account is forbidden by its address, too; workspaces are those that one is in', async () => {
    const account = await console.postern.serviceAccounts.create({ displayName: 'hidden', organizationRole: 'member' });
    const page = await console.open(`${ACCOUNTS}/${account.id}`, GRACE);
    await page.getByText('Only organization admins can manage this service account. Ask ada.').waitFor();
    await page.goto('/settings/workspaces');
    await page.getByText('You are in no workspace yet. Ask ada.').waitFor();
    expect(await page.getByRole('button', { name: 'Add workspace' }).count()).toBe(0);
    const workspace = await console.postern.workspaces.create({ name: 'shared' });
    await console.postern.workspaces.members.set(workspace.id, graceId, { role: 'manager' });
    await page.goto(`/settings/workspaces/${workspace.id}`);
    await page.getByRole('button', { name: 'Edit' }).waitFor();
    expect(await page.getByRole('button', { name: 'Actions for shared' }).count()).toBe(0);
    await page.close();
  });
});

describe('for a member who gives roles in a workspace', () => {
  const region = (page: Page, name: string) => page.getByRole('region', { name });
  const add = (page: Page, name: string) =>
    region(page, name).getByRole('button', { name: 'Add', exact: true }).click();
  const roleOf = (page: Page, name: string) => page.getByRole('combobox', { name: `Role of ${name}` });

  test('all roles are there for its manager, to choose and to give', async () => {
    const { serviceAccounts, groups, roles, workspaces } = console.postern;
    await roles.create({ name: 'Runner', permissions: ['workspace.run'] });
    const workspace = await workspaces.create({ name: 'managed' });
    await workspaces.members.set(workspace.id, graceId, { role: 'manager' });
    const account = await serviceAccounts.create({ displayName: 'known-by-id', organizationRole: 'member' });
    const group = await groups.create({ name: 'group-known-by-id' });
    const page = await console.open(`/settings/workspaces/${workspace.id}`, GRACE);
    await add(page, 'Members');
    await dialog(page).getByLabel('Member or service account').fill(account.id);
    await dialog(page).getByRole('combobox', { name: 'Role' }).click();
    const choices = page.getByRole('listbox').getByRole('option');
    await expect.poll(() => choices.allTextContents()).toEqual(['viewer', 'member', 'manager', 'Runner']);
    await choices.filter({ hasText: 'Runner' }).click();
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    await expect.poll(() => roleOf(page, 'known-by-id').locator('option:checked').textContent()).toBe('Runner');
    await roleOf(page, 'known-by-id').selectOption('viewer');
    await page.getByText('Role of known-by-id changed.').waitFor();
    await add(page, 'Groups');
    await dialog(page).getByLabel('Group').fill(group.id);
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    await roleOf(page, 'group-known-by-id').waitFor();
    expect(await workspaces.members.list(workspace.id, { search: 'known' }).toArray({ max: 9 })).toMatchObject([
      { principal: { id: account.id }, role: { id: 'viewer' } },
    ]);
    expect(await workspaces.groups.list(workspace.id).toArray({ max: 9 })).toMatchObject([{ role: { id: 'member' } }]);
    await page.close();
  });

  test('whoever holds less is offered less; what they could not give stands there, and is not theirs to change', async () => {
    const { serviceAccounts, roles, workspaces } = console.postern;
    const permissions = ['workspace.read', 'workspace_member.read', 'workspace_member.update'];
    const keeper = await roles.create({ name: 'Keeper', permissions });
    const workspace = await workspaces.create({ name: 'kept' });
    await workspaces.members.set(workspace.id, graceId, { role: keeper.id });
    for (const [displayName, role] of [
      ['with-more', 'manager'],
      ['with-less', 'viewer'],
    ] as const) {
      const account = await serviceAccounts.create({ displayName, organizationRole: 'member' });
      await workspaces.members.set(workspace.id, account.id, { role });
    }
    const page = await console.open(`/settings/workspaces/${workspace.id}`, GRACE);
    const offered = () => roleOf(page, 'with-less').locator('option').allTextContents();
    await expect.poll(offered).toEqual(['viewer', 'Keeper']);
    await page.getByRole('row', { name: /with-more Service account manager/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Remove with-more' }).count()).toBe(0);
    await add(page, 'Members');
    expect(await dialog(page).getByRole('combobox', { name: 'Role' }).inputValue()).toBe('viewer');
    await page.close();
  });

  test('who gives none is not offered any, and none are asked for', async () => {
    const { workspaces } = console.postern;
    const workspace = await workspaces.create({ name: 'watched' });
    await workspaces.members.set(workspace.id, graceId, { role: 'viewer' });
    const page = await console.open('/settings/workspaces', GRACE);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`/settings/workspaces/${workspace.id}`);
    await page.getByRole('row', { name: /Grace Member viewer/ }).waitFor();
    await settle(page);
    expect(asked.filter((path) => path.endsWith('/roles'))).toEqual([]);
    await page.close();
  });
});

test('somebody’s own form knows the token policy beforehand, and says why there can be no token', async () => {
  const { organization, groups, me } = console.postern;
  await organization.update({ tokenPolicy: { creation: 'everyone', maxLifetimeDays: 50, requireExpiry: false } });
  const page = await console.open('/settings/apis', GRACE);
  await page.getByRole('button', { name: 'Add token' }).click();
  await dialog(page).getByText('At most 50 days (policy)').waitFor();
  await page.keyboard.press('Escape');
  const group = await groups.create({ name: 'others' });
  await groups.members.set(group.id, (await me()).id, { role: 'member' });
  await organization.update({ tokenPolicy: { creation: { groupIds: [group.id] }, requireExpiry: false } });
  await page.reload();
  await page.getByRole('button', { name: 'Add token' }).hover();
  await page.getByText('The token policy of your organization does not let you have tokens.').first().waitFor();
  await organization.update({ tokenPolicy: { creation: 'everyone', requireExpiry: false } });
  await page.close();
});

test('an address that there is not is said inside the shell', async () => {
  const page = await console.open('/settings/no-such-page');
  await page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor();
  await page.getByRole('button', { name: /^Account menu/ }).waitFor();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Organization' }).click();
  await page.getByRole('heading', { level: 1, name: 'Organization' }).waitFor();
  await page.close();
});

test('verifiers that have told nothing for minutes are counted under the tokens', async () => {
  const { postern, server } = console;
  const account = await postern.serviceAccounts.create({ displayName: 'watched', organizationRole: 'member' });
  await postern.serviceAccounts.tokens.create(account.id, { name: 'ci' });
  const page = await console.open(`${ACCOUNTS}/${account.id}`);
  await page.getByText(/^Usage as of (\d+ s ago|just now)$/).waitFor();
  const report = (id: string, completeUntil: number, closing = false) =>
    fetch(`${server.url}/api/v1/usage-reports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        reportId: `report-${id}-${completeUntil}-${closing}`.padEnd(22, '-'),
        verifier: { id, completeUntil: new Date(completeUntil).toISOString(), closing },
        items: [],
      }),
    });
  const since = Date.now() - 3_600_000;
  for (const id of ['api-1', 'api-2']) expect((await report(id, since)).status).toBe(204);
  await page.reload();
  await page.getByText(/^2 verifiers silent since \d\d:\d\d; last used may be later$/).waitFor();
  for (const id of ['api-1', 'api-2']) expect((await report(id, since, true)).status).toBe(204);
  await page.reload();
  await page.getByText(/^Usage as of /).waitFor();
  await page.close();
});

describe('two admins, and the organization', () => {
  test('a rename over somebody else’s shows both names; what was saved can be taken back', async () => {
    const { organization } = console.postern;
    const page = await console.open('/settings/organization');
    await page.getByRole('button', { name: 'Rename' }).click();
    await dialog(page).getByLabel('Name').fill('Mine');
    await organization.update({ name: 'Theirs' });
    await dialog(page).getByRole('button', { name: 'Rename' }).click();
    await dialog(page).getByText('Somebody changed the organization while you were editing it.').waitFor();
    await dialog(page).getByRole('cell', { name: 'Theirs' }).waitFor();
    expect((await organization.get()).name).toBe('Theirs');
    await dialog(page).getByRole('button', { name: 'Keep mine' }).click();
    await page.getByRole('banner').getByText('Mine').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('banner').getByText('Theirs').waitFor();
    expect((await organization.get()).name).toBe('Theirs');
    await page.close();
  });

  test('a token policy over somebody else’s shows both; theirs is taken, or mine is kept', async () => {
    const { organization } = console.postern;
    const page = await console.open('/settings/security');
    const section = page.getByRole('region', { name: 'Token policy' });
    const days = section.getByLabel('Maximum lifetime in days');
    const save = async (lifetime: string) => {
      await days.fill(lifetime);
      await section.getByRole('button', { name: 'Preview' }).click();
      await section.getByRole('button', { name: 'Save policy' }).click();
    };
    await section.getByLabel('Expiry required').check();
    await organization.update({ tokenPolicy: { creation: 'everyone', maxLifetimeDays: 60, requireExpiry: false } });
    await save('30');
    await section.getByText('Somebody changed the token policy while you were editing it.').waitFor();
    await section.getByRole('row', { name: 'Maximum lifetime 30 days 60 days' }).waitFor();
    await section.getByRole('row', { name: 'Expiry required Yes No' }).waitFor();
    await section.getByRole('button', { name: 'Take theirs' }).click();
    await expect.poll(() => days.inputValue()).toBe('60');
    await days.fill('40');
    await organization.update({ tokenPolicy: { creation: 'everyone', maxLifetimeDays: 50, requireExpiry: false } });
    await save('40');
    await section.getByRole('button', { name: 'Keep mine' }).click();
    await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
    expect((await organization.get()).tokenPolicy.maxLifetimeDays).toBe(40);
    await organization.update({ tokenPolicy: { creation: 'everyone', requireExpiry: false } });
    await page.close();
  });
});

test('where the policy forbids an account its first token, the reason is said, and that is all', async () => {
  const { groups, organization, me } = console.postern;
  const group = await groups.create({ name: 'may-have-tokens' });
  await groups.members.set(group.id, (await me()).id, { role: 'member' });
  await organization.update({ tokenPolicy: { creation: { groupIds: [group.id] }, requireExpiry: false } });
  const page = await console.open(ACCOUNTS);
  await page.getByRole('button', { name: 'Add service account' }).first().click();
  await dialog(page).getByLabel('Display name').fill('without-tokens');
  await dialog(page).getByRole('button', { name: 'Create', exact: true }).click();
  await dialog(page)
    .getByText('without-tokens was created. The token policy lets only members of some groups')
    .waitFor();
  expect(await dialog(page).getByLabel('Name').count()).toBe(0);
  await dialog(page).getByRole('button', { name: 'Done' }).click();
  await page.getByRole('heading', { level: 1, name: 'without-tokens' }).waitFor();
  await organization.update({ tokenPolicy: { creation: 'everyone', requireExpiry: false } });
  await page.close();
});

test('of several who are invited, the links of those who could be are shown beside the reasons of the others', async () => {
  const page = await console.open('/settings/members');
  await page.getByRole('button', { name: 'Invite members' }).click();
  await dialog(page).getByLabel('E-mails').fill(`linus@example.com, ${GRACE.email}`);
  await dialog(page).getByRole('button', { name: 'Invite', exact: true }).click();
  await dialog(page)
    .getByText(/\/invitation#/)
    .waitFor();
  await dialog(page).getByRole('alert').getByText(`${GRACE.email} is a member or invited already.`).waitFor();
  await dialog(page).getByRole('button', { name: 'Done' }).click();
  await page.getByRole('row', { name: /linus@example.com/ }).waitFor();
  await page.close();
});

test('an account says itself what of it needs attention', async () => {
  const { serviceAccounts } = console.postern;
  const account = await serviceAccounts.create({ displayName: 'soon-over', organizationRole: 'member' });
  await serviceAccounts.tokens.create(account.id, { name: 'ci', expiresAt: inDays(5) });
  const page = await console.open(`${ACCOUNTS}/${account.id}`);
  await page.getByRole('region', { name: 'Needs attention (1)' }).getByText('ci: expires in 5 days.').waitFor();

  // What stands below it is not shown before it is known, so that nothing is pushed down.
  const arrives = Promise.withResolvers<void>();
  await page.route('**/tokens?*overlap=true*', async (route) => {
    await arrives.promise;
    await route.continue();
  });
  const listed = page.waitForResponse((response) => response.url().includes('sort=-lastUsedAt'));
  await page.reload();
  await listed;
  await page.getByText('Loading what needs attention…').waitFor();
  const tokens = page.getByRole('region', { name: 'OAuth tokens' });
  expect(await tokens.count()).toBe(0);
  arrives.resolve();
  await tokens.waitFor();
  await page.getByRole('region', { name: 'Needs attention (1)' }).waitFor();

  // Where it cannot be had that is said, or it would look as if there were nothing.
  await page.unrouteAll();
  await page.route('**/tokens?*overlap=true*', (route) => route.abort());
  await page.reload();
  await page.getByText('Couldn’t load what needs attention.').waitFor();
  await tokens.waitFor();
  await page.close();
});

test('who calls with an old value takes no room that was not there; where it cannot be had, nothing is claimed', async () => {
  const { serviceAccounts } = console.postern;
  const account = await serviceAccounts.create({ displayName: 'in-overlap', organizationRole: 'member' });
  const made = await serviceAccounts.tokens.create(account.id, { name: 'jenkins' });
  await serviceAccounts.tokens.refresh(account.id, made.token.id, { overlapSeconds: 3_600 });
  await serviceAccounts.tokens.create(account.id, { name: 'zulu' });
  const authorization = `Bearer ${made.value.reveal()}`;
  const { status } = await fetch(`${console.server.url}/api/v1/me`, { headers: { authorization } });
  expect(status).toBe(200);
  await expect
    .poll(async () => (await serviceAccounts.tokens.get(account.id, made.token.id)).previous?.lastUsedAt)
    .toBeTruthy();

  const page = await console.open('/');
  const arrives = Promise.withResolvers<void>();
  await page.route('**/callers?*', async (route) => {
    await arrives.promise;
    await route.continue();
  });
  await page.goto(`${console.server.url}${ACCOUNTS}/${account.id}`);
  const below = page.getByRole('row', { name: /zulu/ });
  const summary = page.getByText('Who calls with it', { exact: true });
  await summary.waitFor();
  const before = await below.boundingBox();
  expect(await page.getByText('No calls').count()).toBe(0);
  arrives.resolve();
  await page.getByText('1 caller in the last hour.').waitFor();
  expect(await below.boundingBox()).toEqual(before);
  await summary.click();
  await page.getByRole('cell', { name: '127.0.0.1', exact: true }).waitFor();

  await page.unrouteAll();
  await page.route('**/callers?*', (route) =>
    route.fulfill({ status: 403, contentType: 'application/json', body: '{}' }),
  );
  await page.reload();
  await page.getByText('Couldn’t load who calls with it.').waitFor();
  expect(await page.getByText('No calls').count()).toBe(0);
  await page.close();
});

test('who used a value today does not push away the button that ends it', async () => {
  const { serviceAccounts } = console.postern;
  const account = await serviceAccounts.create({ displayName: 'used-today', organizationRole: 'member' });
  const { token, value } = await serviceAccounts.tokens.create(account.id, { name: 'ci' });
  const headers = { authorization: `Bearer ${value.reveal()}` };
  expect((await fetch(`${console.server.url}/api/v1/me`, { headers })).status).toBe(200);
  await expect.poll(async () => (await serviceAccounts.tokens.get(account.id, token.id)).lastUsedAt).toBeTruthy();

  const page = await console.open(`${ACCOUNTS}/${account.id}`);
  const arrives = Promise.withResolvers<void>();
  await page.route('**/callers?*', async (route) => {
    await arrives.promise;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Refresh token ci' }).click();
  const submit = dialog(page).getByRole('button', { name: 'Refresh token' });
  await submit.waitFor();
  // Until it has come to rest.
  await expect
    .poll(async () => {
      const one = await submit.boundingBox();
      await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
      return JSON.stringify(await submit.boundingBox()) === JSON.stringify(one);
    })
    .toBe(true);
  const before = await submit.boundingBox();
  arrives.resolve();
  await dialog(page).getByText('1 caller used it today').waitFor();
  expect(await submit.boundingBox()).toEqual(before);
  await page.close();
});

describe('on the plan Community', () => {
  let account: string;
  beforeAll(async () => {
    const { postern, server } = console;
    account = (await postern.serviceAccounts.create({ displayName: 'paused', organizationRole: 'member' })).id;
    await postern.serviceAccounts.tokens.create(account, { name: 'ci' });
    const { id } = await postern.organization.get();
    const set = await runPostern(['organization', 'set-plan', id, 'community'], server.env as Record<string, string>);
    expect(set.code, set.stderr).toBe(0);
  });

  test('the tab says which plans have service accounts; rows are paused, and nothing in them can be done', async () => {
    const page = await console.open(ACCOUNTS);
    await page.getByRole('tab', { name: 'Service accounts Commercial & Enterprise' }).waitFor();
    await page.getByText('This organization is on Community.').waitFor();
    await page
      .getByRole('row', { name: /paused/ })
      .getByText('Paused by plan')
      .waitFor();
    const add = page.getByRole('button', { name: 'Add service account' });
    await add.focus();
    expect(await add.getAttribute('aria-disabled')).toBe('true');
    await add.press('Enter');
    expect(await dialog(page).count()).toBe(0);
    await page.goto(`${ACCOUNTS}?add=true`);
    await page.getByRole('row', { name: /paused/ }).waitFor();
    expect(await dialog(page).count()).toBe(0);
    await page.getByRole('button', { name: 'Actions for paused' }).click();
    for (const name of ['Edit', 'Disable', 'Delete service account']) {
      const item = page.getByRole('menuitem', { name });
      expect(await item.getAttribute('aria-disabled')).toBe('true');
      await item.press('Enter');
    }
    expect(await dialog(page).count()).toBe(0);
    await page.goto(`${ACCOUNTS}/${account}`);
    await page.getByRole('table', { name: 'OAuth tokens' }).waitFor();
    expect(await page.getByRole('button', { name: /token ci$/ }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Rename' }).getAttribute('aria-disabled')).toBe('true');
    await page.close();
  });
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
