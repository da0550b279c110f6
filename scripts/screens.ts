import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inDays, Postern } from '@postern/sdk';
import type { BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../testing/browser.ts';
import { type Postern as Process, startPostern } from '../testing/postern-process.ts';

/** Takes a picture of every screen of the console, in several states, into ./screens: to be looked at by a person. */

const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery';
const PROBLEM = JSON.stringify({
  type: 'about:blank',
  title: 'Something went wrong.',
  status: 500,
  code: 'internal',
  requestId: 'req_01m87se41knccz8m633bmt1r46',
});

const folder = fileURLToPath(new URL('../screens', import.meta.url));

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await using browser = await launchBrowser();
await using server = await startPostern({
  env: { POSTERN_ADMIN_EMAIL: EMAIL, POSTERN_ADMIN_PASSWORD: PASSWORD, POSTERN_ORGANIZATION: 'Harbour Logistics' },
});
const accountId = await seed(server);
const looks = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 360, height: 740 } },
] as const;

for (const look of looks) {
  await using context = await browser.newContext({ ...look, baseURL: server.url, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto('/sign-in');
  await shoot(page, look.name, 'sign-in');
  await signIn(page);
  for (const [name, path] of pages(accountId)) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settle(page);
    await shoot(page, look.name, name);
  }
  await dialogs(page, look.name);
  await trouble(context, look.name);
}

/** The stand-in for a first run has its own server: it must have no person yet. */
await using fresh = await startPostern({ env: { POSTERN_ADMIN_TOKEN: undefined } });
const link = /http:\S+\/setup#\S+/.exec(fresh.stdout())?.[0] ?? '';
await using first = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const setUp = await first.newPage();
await setUp.goto(link);
await setUp.getByLabel('Organization name').waitFor();
await shoot(setUp, 'light', 'set-up');
process.stdout.write(`The pictures are in ${folder}\n`);

function pages(id: string): readonly (readonly [string, string])[] {
  const settings = ['organization', 'members', 'groups', 'workspaces', 'roles', 'security', 'apis'];
  return [
    ['overview', '/'],
    ['service-accounts', '/settings/members/service-accounts'],
    ['service-accounts-no-match', '/settings/members/service-accounts?search=nothing-like-it'],
    ['service-account', `/settings/members/service-accounts/${id}`],
    ...settings.map((name) => [name, `/settings/${name}`] as const),
    ['audit-log', '/audit-log'],
    ['not-found', '/no/such/page'],
  ];
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: /^Account menu/ }).waitFor();
}

async function dialogs(page: Page, look: string): Promise<void> {
  await page.goto('/settings/members/service-accounts');
  await page.getByRole('button', { name: 'Add service account' }).click();
  await page.getByRole('dialog').waitFor();
  await shoot(page, look, 'dialog-add-account');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Actions for nightly-import' }).click();
  await shoot(page, look, 'menu-actions');
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await page.getByText('are kept').waitFor();
  await shoot(page, look, 'dialog-disable');
  await page.keyboard.press('Escape');
  await page.goto(`/settings/members/service-accounts/${accountId}`);
  await page.getByRole('button', { name: 'Refresh token ci' }).click();
  await page.getByRole('dialog').waitFor();
  await shoot(page, look, 'dialog-refresh');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Delete token ci' }).click();
  await page.getByRole('dialog').waitFor();
  await shoot(page, look, 'dialog-delete-token');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Search or jump to' }).click();
  await page.getByRole('combobox', { name: 'Search or jump to' }).fill('night');
  await page
    .getByRole('option', { name: /nightly-import/ })
    .first()
    .waitFor();
  await shoot(page, look, 'palette');
}

/** Slow, failing and unreachable: what the browser is told instead of the server's answer. */
async function trouble(context: BrowserContext, look: string): Promise<void> {
  const list = '**/api/v1/service-accounts?*';
  const address = '/settings/members/service-accounts';
  const page = await context.newPage();
  await page.route(list, () => undefined);
  await page.goto(address);
  await page.getByRole('status', { name: '' }).filter({ hasText: 'Loading' }).waitFor();
  await shoot(page, look, 'service-accounts-loading');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.route(list, (route) =>
    route.fulfill({ status: 500, contentType: 'application/problem+json', body: PROBLEM }),
  );
  await page.goto(address);
  await page.getByRole('alert').waitFor();
  await shoot(page, look, 'service-accounts-failing');
  await page.close();
}

async function settle(page: Page): Promise<void> {
  await page.waitForFunction(`document.querySelector('[aria-busy="true"]') === null`);
}

async function shoot(page: Page, look: string, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
}

/** A small organization that has something of everything. */
async function seed({ url, adminToken }: Process): Promise<string> {
  const postern = new Postern({ url, token: adminToken });
  const account = await postern.serviceAccounts.create({
    displayName: 'nightly-import',
    description: 'Imports the orders of the day at 02:00',
    organizationRole: 'member',
  });
  const { tokens } = postern.serviceAccounts;
  const ci = await tokens.create(account.id, {
    name: 'ci',
    description: 'GitHub Actions, repository imports',
    expiresAt: inDays(9),
  });
  await tokens.create(account.id, { name: 'laptop', description: 'For trying things out' });
  const rotated = await tokens.create(account.id, { name: 'jenkins', expiresAt: inDays(90) });
  await tokens.refresh(account.id, rotated.token.id, { overlapSeconds: 86_400 });
  const old = new Postern({ url, token: rotated.value.reveal(), warn: () => undefined });
  for (let call = 0; call < 5; call += 1) {
    await new Postern({ url, token: ci.value.reveal() }).me({ headers: { 'user-agent': 'curl/8.5.0' } });
    await old.me({ headers: { 'user-agent': 'Jenkins/2.462' } });
  }
  for (const displayName of ['deploy-production', 'vendor-export', 'مزامنة الطلبات', '<img src=x onerror=alert(1)>']) {
    await postern.serviceAccounts.create({ displayName, organizationRole: 'member' });
  }
  const long =
    'A service account whose name somebody wrote as if it were a sentence, which then went on and on until it had said everything';
  const { id } = await postern.serviceAccounts.create({ displayName: long, organizationRole: 'verifier' });
  await postern.serviceAccounts.disable(id);
  await postern.permissions.create({ name: 'orders.read', description: 'Read orders' });
  const role = await postern.roles.create({ name: 'Order reader', permissions: ['orders.read', 'workspace.read'] });
  const group = await postern.groups.create({ name: 'importers', description: 'Whatever imports' });
  await postern.groups.members.set(group.id, account.id, { role: 'member' });
  const workspace = await postern.workspaces.create({ name: 'production' });
  await postern.workspaces.groups.set(workspace.id, group.id, { role: role.id });
  await postern.workspaces.members.set(workspace.id, account.id, { role: 'viewer' });
  await postern.members.invite({ emails: ['grace@example.com', 'linus@example.com'] });
  return account.id;
}
