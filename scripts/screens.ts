import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Postern } from '@postern/sdk';
import type { Browser, BrowserContext, BrowserContextOptions, Page, Route } from 'playwright-core';
import { launchBrowser } from '../testing/browser.ts';
import { addManyAccounts } from '../testing/many-accounts.ts';
import { type Postern as Process, startPostern } from '../testing/postern-process.ts';
import { seedNames } from './screens/names.ts';
import { type Seeded, seed } from './screens/seed.ts';

/**
 * Takes a picture of every screen of the console, in every state, into ./screens: to be looked at by a person. `sheet-*` has
 * all pictures of one state. With names of states as arguments, only these.
 */

const EMAIL = 'ada@example.com';
const MEMBER = 'katherine@example.com';
const PASSWORD = 'correct horse battery';
const ENV = { POSTERN_ADMIN_EMAIL: EMAIL, POSTERN_ADMIN_PASSWORD: PASSWORD, POSTERN_ORGANIZATION: 'Harbour Logistics' };
const WIDE = { viewport: { width: 1280, height: 800 } } as const;
const NARROW = { viewport: { width: 360, height: 740 } } as const;
const MANY = 10_000;

const SHEET_STYLE = `
  body { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; font: 14px sans-serif }
  figure { margin: 0 }
  img { width: 100%; max-height: 420px; border: 1px solid #999; object-fit: cover; object-position: top }
`;

const folder = fileURLToPath(new URL('../screens', import.meta.url));
const wanted = process.argv.slice(2);
const isWanted = (state: string) => wanted.length === 0 || wanted.includes(state);
const taken = new Map<string, string[]>();

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await using browser = await launchBrowser();
await using server = await startPostern({ env: ENV });
const seeded = await seed(server);

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { ...WIDE, colorScheme: 'light' },
  dark: { ...WIDE, colorScheme: 'dark' },
  narrow: NARROW,
  // What is left of a window of 1280 × 800 when everything is twice as large.
  zoomed: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  'reduced-motion': { ...WIDE, reducedMotion: 'reduce' },
};
for (const [look, options] of Object.entries(LOOKS)) {
  if (!isWanted(look)) continue;
  await using context = await signedIn(browser, server, EMAIL, options);
  await everyScreen(context, look, seeded);
  await dialogs(await context.newPage(), look);
}

/** What the browser is told in place of the server's answer; who is signed in is answered always. */
const FAULTS: Readonly<Record<string, (route: Route) => unknown>> = {
  loading: () => undefined,
  failing: (route) => route.fulfill(problem(500, 'internal', 'Something went wrong on the server.')),
  unavailable: (route) => route.fulfill(problem(503, 'storage.unavailable', 'The database cannot be reached now.')),
  offline: (route) => route.abort('internetdisconnected'),
};
for (const [fault, answer] of Object.entries(FAULTS)) {
  if (!isWanted(fault)) continue;
  await using context = await signedIn(browser, server, EMAIL, WIDE);
  await context.route(
    (url) => url.pathname.startsWith('/api/v1/') && url.pathname !== '/api/v1/me',
    (route) => answer(route),
  );
  await everyScreen(context, fault, seeded, fault === 'loading');
}

if (isWanted('forbidden')) {
  await joinAsMember(server);
  await using context = await signedIn(browser, server, MEMBER, WIDE);
  await everyScreen(context, 'forbidden', seeded);
}

if (isWanted('community')) {
  const { id } = await new Postern({ url: server.url, token: server.adminToken }).organization.get();
  const postern = fileURLToPath(new URL('../packages/cli/bin/postern.js', import.meta.url));
  const args = [postern, 'organization', 'set-plan', id, 'community'];
  // The embedded database belongs to one process at a time.
  await server.stop();
  execFileSync(process.execPath, args, { env: server.env, cwd: server.data.directory });
  await using _restarted = await server.restart();
  await using context = await signedIn(browser, server, EMAIL, WIDE);
  await everyScreen(context, 'community', seeded);
}

if (isWanted('empty')) {
  await using bare = await startPostern({ env: { ...ENV, POSTERN_ADMIN_TOKEN: undefined } });
  await using context = await signedIn(browser, bare, EMAIL, WIDE);
  await everyScreen(context, 'empty');
}

if (isWanted('first')) {
  await using fresh = await startPostern({ env: { POSTERN_ADMIN_TOKEN: undefined } });
  await using context = await browser.newContext({ ...WIDE, baseURL: fresh.url });
  const page = await context.newPage();
  await page.goto(/http:\S+\/setup#\S+/.exec(fresh.stdout())?.[0] ?? '');
  await page.getByLabel('Organization name').waitFor();
  await shoot(page, 'first', 'set-up');
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').waitFor();
  await shoot(page, 'first', 'sign-in');
}

if (isWanted('names')) {
  await using awkward = await startPostern({ env: ENV });
  const named = await seedNames(awkward);
  for (const [state, options] of [
    ['names', WIDE],
    ['names-narrow', NARROW],
  ] as const) {
    await using context = await signedIn(browser, awkward, EMAIL, options);
    await everyScreen(context, state, named);
  }
}

if (isWanted('many')) {
  await using full = await addManyAccounts(await startPostern({ env: ENV }), MANY);
  for (const [name, options] of [
    ['wide', WIDE],
    ['narrow', NARROW],
  ] as const) {
    await using context = await signedIn(browser, full, EMAIL, options);
    await longList(await context.newPage(), name);
  }
}

for (const [state, names] of taken) await sheet(browser, state, names);
process.stdout.write(`The pictures are in ${folder}\n`);

async function signedIn(
  from: Browser,
  { url }: Process,
  email: string,
  options: BrowserContextOptions,
): Promise<BrowserContext & AsyncDisposable> {
  const context = await from.newContext({ ...options, baseURL: url });
  await context.request.post(`${url}/api/v1/auth/sign-in/email`, {
    headers: { origin: url },
    data: { email, password: PASSWORD },
  });
  return context;
}

async function joinAsMember({ url, adminToken }: Process): Promise<void> {
  const [invited] = await new Postern({ url, token: adminToken }).members.invite({ emails: [MEMBER] });
  const invitation = new URL(invited?.invitation?.link ?? '').hash.slice(1);
  const body = JSON.stringify({ invitation, name: 'Katherine Johnson', password: PASSWORD });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${url}/api/v1/invitations/accept`, { method: 'POST', headers, body });
}

async function everyScreen(context: BrowserContext, state: string, things?: Seeded, unsettled = false): Promise<void> {
  const settings = ['organization', 'members', 'groups', 'workspaces', 'roles', 'security', 'apis'];
  const screens: readonly (readonly [string, string])[] = [
    ['overview', '/'],
    ['service-accounts', '/settings/members/service-accounts'],
    ['no-match', '/settings/members/service-accounts?search=nothing-like-it'],
    ...(things
      ? ([
          ['service-account', `/settings/members/service-accounts/${things.accountId}`],
          ['group', `/settings/groups/${things.groupId}`],
          ['workspace', `/settings/workspaces/${things.workspaceId}`],
        ] as const)
      : []),
    ...settings.map((name) => [name, `/settings/${name}`] as const),
    ['audit-log', '/audit-log'],
    ['not-found', '/no/such/page'],
  ];
  for (const [name, path] of screens) {
    // One of its own for each: what is never answered holds a connection.
    const page = await context.newPage();
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (!unsettled) await settle(page);
    // What comes only when something takes long has come.
    await page.waitForTimeout(400);
    await shoot(page, state, name);
    await page.close();
  }
}

/** Its beginning; its end, so far; somewhere between; and what is found in it. */
async function longList(page: Page, look: string): Promise<void> {
  await page.goto('/settings/members/service-accounts');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settle(page);
  await shoot(page, 'many', `${look}-beginning`, false);
  const more = page.getByRole('button', { name: /^Load/ });
  for (let loaded = 0; loaded < 4; loaded += 1) await more.click();
  await more.scrollIntoViewIfNeeded();
  await page.waitForTimeout(400);
  await shoot(page, 'many', `${look}-end`, false);
  await page.evaluate('scrollTo(0, document.documentElement.scrollHeight / 2)');
  await page.waitForTimeout(400);
  await shoot(page, 'many', `${look}-middle`, false);
  await page.goto('/settings/members/service-accounts?search=99');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settle(page);
  await shoot(page, 'many', `${look}-found`, false);
}

/** Until nothing is on its way any more. */
async function settle(page: Page): Promise<void> {
  const busy = page.locator('[aria-busy="true"]');
  while ((await busy.count()) > 0) await busy.first().waitFor({ state: 'detached' });
}

async function dialogs(page: Page, look: string): Promise<void> {
  const button = (name: string | RegExp) => () => page.getByRole('button', { name }).first().click();
  const item = (of: string, name: string) => async () => {
    await button(`Actions for ${of}`)();
    await page.getByRole('menuitem', { name }).click();
  };
  const account = `/settings/members/service-accounts/${seeded.accountId}`;
  const asked: readonly (readonly [string, string, () => Promise<void>])[] = [
    ['add-account', '/settings/members/service-accounts', button('Add service account')],
    ['disable', '/settings/members/service-accounts', item('nightly-import', 'Disable')],
    ['delete-account', '/settings/members/service-accounts', item('nightly-import', 'Delete service account')],
    ['add-token', account, button('Add token')],
    ['refresh', account, button('Refresh token ci')],
    ['delete-token', account, button('Delete token ci')],
    ['edit-group', `/settings/groups/${seeded.groupId}`, button('Edit')],
    ['delete-workspace', `/settings/workspaces/${seeded.workspaceId}`, item('production', 'Delete workspace')],
    ['edit-role', '/settings/roles', item('Order reader', 'Edit')],
    ['invite', '/settings/members', button('Invite members')],
    ['rename', '/settings/organization', button('Rename')],
    ['two-step', '/settings/security', button('Set up two-step sign-in')],
    ['own-token', '/settings/apis', button('Add token')],
    ['palette', '/', button(/^Search or jump to/)],
  ];
  for (const [name, path, show] of asked) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settle(page);
    await show();
    await page.getByRole('dialog').waitFor();
    await page.waitForTimeout(300);
    await shoot(page, look, `dialog-${name}`, false);
  }
  await page.goto(account);
  await button('Add token')();
  await page.getByRole('dialog').getByLabel('Name').fill(`pipeline-${look}`);
  await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByLabel('Token value').waitFor();
  await shoot(page, look, 'dialog-value', false);
}

function problem(status: number, code: string, title: string) {
  const body = { type: 'about:blank', title, status, code, requestId: 'req_01m87se41knccz8m633bmt1r46' };
  return { status, contentType: 'application/problem+json', body: JSON.stringify(body) };
}

async function shoot(page: Page, state: string, name: string, fullPage = true): Promise<void> {
  const file = `${state}-${name}.png`;
  await page.screenshot({ path: join(folder, file), fullPage });
  taken.set(state, [...(taken.get(state) ?? []), file]);
}

/** All pictures of a state on one. */
async function sheet(from: Browser, state: string, files: readonly string[]): Promise<void> {
  const figures = files.map((file) => `<figure><figcaption>${file}</figcaption><img src="${file}"></figure>`).join('');
  const page = join(folder, `sheet-${state}.html`);
  await writeFile(page, `<!doctype html><style>${SHEET_STYLE}</style>${figures}`);
  await using context = await from.newContext({ viewport: { width: 2000, height: 1200 } });
  const opened = await context.newPage();
  await opened.goto(pathToFileURL(page).href);
  await opened.screenshot({ path: join(folder, `sheet-${state}.png`), fullPage: true });
}
