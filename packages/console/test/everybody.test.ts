import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Console,
  choose,
  dialog,
  joinByInvitation,
  openConsole,
  openServiceAccounts,
  refusalOf,
  settle,
} from './console.ts';

/** The console for everybody: without a mouse, by ear, in the dark, on a small screen. */

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

describe('without a mouse', () => {
  test('an account and its token are made by keyboard alone; focus stays in dialogs and comes back', async () => {
    const page = await console.open('/');
    await openServiceAccounts(page);
    const add = page.getByRole('button', { name: 'Add service account' }).first();
    await add.focus();
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await expect.poll(() => focused(page)).toBe('Display name');
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    await expect.poll(() => add.evaluate((button) => button === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Display name');
    await page.keyboard.type('by-keyboard');
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Name');
    for (let step = 0; step < 20; step += 1) {
      await page.keyboard.press('Tab');
      const inside = await page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null);
      expect(inside).toBe(true);
    }
    await dialog(page).getByLabel('Name').focus();
    await page.keyboard.type('ci');
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Copy');
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Copied');
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { level: 1, name: 'by-keyboard' }).waitFor();
    await expect.poll(() => focused(page)).toBe('by-keyboard');
    await page.close();
  });
});

test('focus is not lost with a row that is gone', async () => {
  await newAccount('to-be-gone');
  const page = await console.open(`${ACCOUNTS}?search=to-be-gone`);
  await choose(page, 'to-be-gone', 'Delete service account');
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No service account matches.').waitFor();
  await page.getByRole('heading', { level: 1, name: 'Members' }).and(page.locator(':focus')).waitFor();
  await page.close();
});

/** What has the focus: its label, or its text. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    return (element?.labels?.[0]?.textContent ?? element?.textContent ?? '').trim();
  });
}

describe('by ear, in light and in the dark', { timeout: 180_000 }, () => {
  const settings = ['organization', 'members', 'groups', 'workspaces', 'roles', 'security', 'apis'];
  const screens = ['/', ACCOUNTS, '/audit-log', ...settings.map((name) => `/settings/${name}`)];

  test('axe finds nothing on any screen', async () => {
    const { account, group, workspace } = await furnish();
    const page = await console.open('/');
    const pages = [`${ACCOUNTS}/${account}`, `/settings/groups/${group}`, `/settings/workspaces/${workspace}`];
    for (const path of [...screens, ...pages]) {
      await page.goto(path);
      await settle(page);
      expect([path, ...(await findings(page))]).toEqual([path]);
    }
    await page.close();
  });

  test('axe finds nothing in the dialogs, and the commands that they show are commands of postern', async () => {
    const { account, group, workspace } = await furnish();
    const page = await console.open(ACCOUNTS);
    await makeOwnToken(page);
    const button = (name: string) => () => page.getByRole('button', { name, exact: true }).first().click();
    const dialogs: Readonly<Record<string, readonly (() => Promise<void>)[]>> = {
      [`${ACCOUNTS}?search=furnished`]: [
        button('Add service account'),
        () => choose(page, 'furnished', 'Disable'),
        () => choose(page, 'furnished', 'Delete service account'),
        () => choose(page, 'furnished', 'Edit'),
        () => page.keyboard.press('Control+k'),
      ],
      [`${ACCOUNTS}/${account}`]: [
        button('Add token'),
        button('Refresh token ci'),
        button('Delete token ci'),
        button('End now'),
        button('Add'),
        async () => {
          await button('More')();
          await page.getByRole('menuitem', { name: 'Delete all tokens' }).click();
        },
      ],
      '/settings/members': [
        button('Invite members'),
        () => choose(page, 'Furnisher', 'Remove from organization'),
        () => choose(page, 'invited@example.com', 'Withdraw invitation'),
      ],
      '/settings/groups': [button('Add group')],
      [`/settings/groups/${group}`]: [
        button('Add'),
        button('Edit'),
        () => choose(page, 'furnished-group', 'Delete group'),
      ],
      '/settings/workspaces': [button('Add workspace')],
      [`/settings/workspaces/${workspace}`]: [
        button('Add'),
        () => page.getByRole('region', { name: 'Groups' }).getByRole('button', { name: 'Add', exact: true }).click(),
        button('Edit'),
        () => choose(page, 'furnished-workspace', 'Delete workspace'),
      ],
      '/settings/organization': [button('Rename')],
      '/settings/security': [button('Set up two-step sign-in')],
      '/settings/apis': [
        button('Add token'),
        button('Refresh token own'),
        button('Delete token own'),
        button('End now'),
      ],
      '/settings/roles': [
        button('Add role'),
        button('Add permission'),
        () => choose(page, 'furnished-role', 'Edit'),
        () => choose(page, 'furnished-role', 'Delete role'),
        () => choose(page, 'furnished.read', 'Edit'),
        () => choose(page, 'furnished.read', 'Delete permission'),
      ],
    };
    const commands: string[] = [];
    for (const [path, each] of Object.entries(dialogs)) {
      await page.goto(path);
      await settle(page);
      for (const show of each) {
        await show();
        await dialog(page).waitFor();
        const name = (await dialog(page).getByRole('heading').first().textContent()) ?? '';
        const box = dialog(page).getByRole('button', { name: /^(Cancel|Skip)$/ });
        if (name !== 'Search or jump to') {
          await box.first().waitFor();
          await dialog(page).getByText('Show as command').click();
          const shown = dialog(page).locator('details[open]');
          // Where there is none, it says why.
          if (name === 'Set up two-step sign-in') await shown.getByText('None: a second step').waitFor();
          else commands.push(`${name}: ${(await shown.locator('pre').textContent()) ?? ''}`);
        }
        // What stands behind a dialog is looked at with the screens; with one page for all.
        const within = path.startsWith(`${ACCOUNTS}?`) ? undefined : '[role="dialog"]';
        expect([name, ...(await findings(page, within))]).toEqual([name]);
        await page.keyboard.press('Escape');
        await dialog(page).waitFor({ state: 'hidden' });
      }
    }
    await page.goto('/settings/security');
    const policy = page.getByRole('region', { name: 'Token policy' });
    await policy.getByLabel('Nobody').check();
    await policy.getByLabel('Maximum lifetime in days').fill('30');
    await policy.getByLabel('Expiry required').check();
    await policy.getByText('Show as command').click();
    commands.push(`Token policy: ${(await policy.locator('pre').textContent()) ?? ''}`);
    expect(commands.at(-1)).toContain('set-token-policy --creation nobody --max-lifetime 30d --require-expiry');
    for (const shown of commands) expect(refusalOf(shown.replace(/^[^:]*: /, '')), shown).toBeUndefined();
    await addTokenByHand(page, account, 'by-hand');
    expect(['value', ...(await findings(page))]).toEqual(['value']);
    await page.close();
  });
});

/** One of each thing, with names of its own. */
async function furnish() {
  const { serviceAccounts, groups, workspaces, roles, permissions } = console.postern;
  const known = (await serviceAccounts.list({ search: 'furnished' }).page()).items[0];
  if (known) {
    const group = (await groups.list({ search: 'furnished' }).page()).items[0]?.id ?? '';
    const workspace = (await workspaces.list({ search: 'furnished' }).page()).items[0]?.id ?? '';
    return { account: known.id, group, workspace };
  }
  const account = (await newAccount('furnished')).id;
  const { token } = await serviceAccounts.tokens.create(account, { name: 'ci' });
  await serviceAccounts.tokens.refresh(account, token.id, { overlapSeconds: 3_600 });
  const group = (await groups.create({ name: 'furnished-group' })).id;
  await groups.members.set(group, account, { role: 'member' });
  await permissions.create({ name: 'furnished.read', description: 'Read what is furnished' });
  await roles.create({ name: 'furnished-role', permissions: ['workspace.read'] });
  const workspace = (await workspaces.create({ name: 'furnished-workspace' })).id;
  await workspaces.groups.set(workspace, group, { role: 'viewer' });
  await workspaces.members.set(workspace, account, { role: 'member' });
  await joinByInvitation(console, { email: 'furnisher@example.com', password: 'another long password' }, 'Furnisher');
  await console.postern.members.invite({ emails: ['invited@example.com'] });
  return { account, group, workspace };
}

/** One whose old value still works. */
async function makeOwnToken(page: Page): Promise<void> {
  const headers = { origin: console.server.url };
  const made = await page.request.post('/api/v1/me/tokens', { headers, data: { name: 'own' } });
  const { token } = await made.json();
  const data = { overlapSeconds: 3_600 };
  expect((await page.request.post(`/api/v1/me/tokens/${token.id}/refresh`, { headers, data })).status()).toBe(200);
}

async function addTokenByHand(page: Page, accountId: string, name: string): Promise<void> {
  await page.goto(`${ACCOUNTS}/${accountId}`);
  await page.getByRole('button', { name: 'Add token' }).click();
  await dialog(page).getByLabel('Name').fill(name);
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  await dialog(page).getByLabel('Token value').waitFor();
}

/** What axe finds on the page as it is, in light and in the dark. */
async function findings(page: Page, within?: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
    // There are no frames, so that there is no need of a second page for what they say.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    if (within !== undefined) axe.include(within);
    // Nothing but colours depends on the scheme.
    const { violations } = await (colorScheme === 'light'
      ? axe
      : axe.withRules(['color-contrast', 'link-in-text-block'])
    ).analyze();
    for (const { id, nodes } of violations) {
      found.push({ colorScheme, id, at: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) });
    }
  }
  return found;
}

test('at 360 px nothing is wider than the screen', async () => {
  const { account, group, workspace } = await furnish();
  const page = await console.open('/');
  await page.setViewportSize({ width: 360, height: 740 });
  const settings = ['organization', 'security', 'members', 'groups', 'workspaces', 'roles', 'apis'];
  for (const path of [
    ...['/', ACCOUNTS, '/audit-log', ...settings.map((name) => `/settings/${name}`)],
    ...[`${ACCOUNTS}/${account}`, `/settings/groups/${group}`, `/settings/workspaces/${workspace}`],
  ]) {
    await page.goto(path);
    await settle(page);
    for (const folded of await page.locator('main summary').all()) await folded.click();
    expect([path, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([path, 360]);
  }
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
