import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentBuild } from '../../../testing/current-build.ts';
import { totpCode } from '../../server/test/people.ts';
import {
  type Console,
  choose,
  commandOf,
  dialog,
  EMAIL,
  fillSignIn,
  isInHeap,
  joinByInvitation,
  openConsole,
  refusalOf,
  statusOf,
} from './console.ts';

/** What the console promises beyond its steps: safety, access for everybody, and nothing lost. */

const ACCOUNTS = '/settings/members/service-accounts';
const CAREFUL = { email: 'careful@example.com', password: 'a third long password' };
const MANAGER = { email: 'grace@example.com', password: 'another long password' };
/** Sooner than a list is asked for again by itself. */
const SOON = { timeout: 8_000 };
const HOSTILE = '<img src=x onerror="document.title=1">';

let console: Console;

beforeAll(async () => {
  console = await openConsole();
  await console.postern.serviceAccounts.create({ displayName: HOSTILE, organizationRole: 'member' });
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

const newAccount = (displayName: string) =>
  console.postern.serviceAccounts.create({ displayName, organizationRole: 'member' });

async function addTokenByHand(page: Page, accountId: string, name: string): Promise<string> {
  await page.goto(`${ACCOUNTS}/${accountId}`);
  await page.getByRole('button', { name: 'Add token' }).click();
  await dialog(page).getByLabel('Name').fill(name);
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  return dialog(page).getByLabel('Token value').inputValue();
}

describe('what is served', () => {
  test('every page has the policy, with a style nonce of its own, and cannot be framed or kept', async () => {
    const read = async () => {
      const response = await fetch(`${console.server.url}${ACCOUNTS}`, { headers: { accept: 'text/html' } });
      return { headers: response.headers, text: await response.text() };
    };
    const [one, two] = [await read(), await read()];
    const policy = one.headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(one.text).toContain(nonce);
    expect(two.text).not.toContain(nonce);
    expect(one.headers.get('cache-control')).toBe('no-store');
    expect(one.headers.get('x-content-type-options')).toBe('nosniff');
    expect(one.headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('files are compressed, and may be kept for ever; a file that is not there is 404 and no page', async () => {
    const page = await (await fetch(console.server.url, { headers: { accept: 'text/html' } })).text();
    const script = /src="(\/assets\/index-[^"]+\.js)"/.exec(page)?.[1] ?? '';
    const response = await fetch(`${console.server.url}${script}`, { headers: { 'accept-encoding': 'br' } });
    expect(response.headers.get('content-encoding')).toBe('br');
    expect(response.headers.get('cache-control')).toContain('immutable');
    const missing = await fetch(`${console.server.url}/assets/index-nothing.js`, { headers: { accept: 'text/html' } });
    expect([missing.status, missing.headers.get('content-type')]).toEqual([
      404,
      expect.stringContaining('problem+json'),
    ]);
  });

  test('a program that mistypes a path is told so, and is not given a page', async () => {
    for (const [path, accept] of [
      ['/api/v1/no-such', 'text/html'],
      ['/no-such', '*/*'],
      ['/oauth2/x', 'text/html'],
      ['/.well-known/openid-configuration', 'text/html'],
    ] as const) {
      const response = await fetch(`${console.server.url}${path}`, { headers: { accept } });
      expect([path, response.status, response.headers.get('content-type')]).toEqual([
        path,
        404,
        expect.stringContaining('problem+json'),
      ]);
    }
  });

  test('it is React as it is made for production, whoever built it', async () => {
    const folder = join(currentBuild('console'), 'assets');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.js'));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    expect(texts.some((text) => text.includes('react.transitional.element'))).toBe(true);
    // What only the other build has to say.
    expect(names.filter((_, index) => texts[index]?.includes('should have a unique "key" prop'))).toEqual([]);
  });

  test('the first load is less than 250 kB of compressed JavaScript', async () => {
    const folder = currentBuild('console');
    const page = await readFile(join(folder, 'index.html'), 'utf8');
    const names = [...page.matchAll(/\/assets\/([^"]+\.js)"/g)].map(([, name = '']) => name);
    const compressed = await readdir(join(folder, 'assets'));
    const sizes = await Promise.all(
      names.map(
        async (name) =>
          (await stat(join(folder, 'assets', compressed.includes(`${name}.br`) ? `${name}.br` : name))).size,
      ),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(250_000);
  });
});

const PALETTE_CODE = '**/assets/palette-body-*.js';

describe('while something is on its way', () => {
  test('what opens it is there already, and what is opened takes the keys once it has arrived', async () => {
    const page = await console.signIn();
    const arrives = Promise.withResolvers<void>();
    await page.route(PALETTE_CODE, async (route) => {
      await arrives.promise;
      await route.continue();
    });
    await page.reload();
    const initials = page.getByRole('button', { name: /^Account menu/ });
    const before = await initials.boundingBox();
    await page.keyboard.press('Control+k');
    await dialog(page).getByText('Loading search…').waitFor();
    arrives.resolve();
    await dialog(page).getByRole('combobox').waitFor();
    await page.keyboard.type('aud');
    await dialog(page)
      .getByRole('option', { name: /^Audit log/ })
      .waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    expect(await initials.boundingBox()).toEqual(before);
    await page.context().close();
  });

  test('what did not arrive is said where it would stand, and asked for again', async () => {
    const page = await console.signIn();
    await page.route(PALETTE_CODE, (route) => route.abort());
    await page.reload();
    await page.getByRole('button', { name: /^Search or jump to/ }).click();
    await dialog(page).getByText('Couldn’t load search.').waitFor();
    await page.unroute(PALETTE_CODE);
    await dialog(page).getByRole('button', { name: 'Try again' }).click();
    await dialog(page).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: /^Search or jump to/ }).click();
    await dialog(page).getByRole('combobox').waitFor();
    await page.context().close();
  });

  test('what could not be searched is not called absent', async () => {
    const page = await console.signIn();
    const GROUPS = '**/api/v1/groups?*';
    await page.route(GROUPS, (route) => route.abort());
    await page.keyboard.press('Control+k');
    await dialog(page).getByRole('combobox').fill('nothing-like-it');
    await dialog(page).getByText('Couldn’t load results.').waitFor();
    expect(await dialog(page).getByText('Nothing by that name.').count()).toBe(0);
    await page.unroute(GROUPS);
    await dialog(page).getByRole('button', { name: 'Try again' }).click();
    await dialog(page).getByText('Nothing by that name.').waitFor();
    await page.context().close();
  });
});

describe('a value', () => {
  test('is nowhere in the page, its storage, its history or later requests, once the dialog is closed', async () => {
    const page = await console.open(ACCOUNTS);
    const account = await newAccount('once-shown');
    const value = await addTokenByHand(page, account.id, 'ci');
    const later: string[] = [];
    page.on('request', (request) => later.push(`${request.url()} ${request.postData() ?? ''}`));
    await dialog(page).getByRole('button', { name: 'Done' }).click();
    await dialog(page).getByRole('alert').getByText('You haven’t copied the value.').waitFor();
    await dialog(page).getByRole('button', { name: 'Keep open' }).click();
    await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
    await dialog(page).getByRole('button', { name: 'Done' }).click();
    await dialog(page).waitFor({ state: 'hidden' });
    await page.getByText('Never used. Lost the value? Refresh it.').waitFor();
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href, document.cookie]),
    );
    await page.reload();
    await page.getByText('Never used. Lost the value? Refresh it.').waitFor();
    for (const text of [await page.content(), kept, later.join('\n')]) expect(text).not.toContain(value);
    expect(await statusOf(console, value)).toBe(200);
    await page.close();
  });

  test('that is pasted into the search is recognized in the page, and not sent', async () => {
    const page = await console.open('/');
    const account = await newAccount('pasted');
    const { value } = await console.postern.serviceAccounts.tokens.create(account.id, { name: 'leaked' });
    const sent: string[] = [];
    page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
    // Its code comes after the page's own.
    await page.getByRole('button', { name: 'Search or jump to' }).waitFor();
    await page.keyboard.press('Control+k');
    const field = page.getByRole('combobox', { name: 'Search or jump to' });
    await page.evaluate((text) => navigator.clipboard.writeText(text), value.reveal());
    await field.press('Control+v');
    await page.getByRole('option', { name: /leaked/ }).waitFor();
    const hint = value.reveal().slice(-10, -6);
    await page.getByText(`A token ending in …${hint}. It was not sent anywhere.`).waitFor();
    expect(await field.inputValue()).toBe(`…${hint}`);
    await field.press('Control+z');
    expect(await page.content()).not.toContain(value.reveal());
    expect(await field.inputValue()).not.toContain('pst_');
    await field.fill(`it is ${value.reveal()} here`);
    await page.getByRole('option', { name: /leaked/ }).waitFor();
    expect(await isInHeap(page, value.reveal())).toBe(true);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'pasted' }).waitFor();
    await page.keyboard.press('Control+k');
    await field.fill(value.reveal().slice(0, -4));
    await page.getByText('That was a piece of a token value.').waitFor();
    await page.keyboard.press('Escape');
    await field.waitFor({ state: 'hidden' });
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]));
    const secret = value.reveal().slice(0, -10);
    for (const text of [await page.content(), kept, page.url(), sent.join('\n')]) expect(text).not.toContain(secret);
    await expect.poll(() => isInHeap(page, secret), { timeout: 30_000 }).toBe(false);
    await page.close();
  });

  test('that is pasted into the search ends when it is reported as leaked, and is sent only then', async () => {
    const account = await newAccount('leaking');
    const { value } = await console.postern.serviceAccounts.tokens.create(account.id, { name: 'public' });
    const page = await console.open('/');
    await page.getByRole('button', { name: 'Search or jump to' }).click();
    await page.getByRole('combobox', { name: 'Search or jump to' }).fill(`it is ${value.reveal()} here`);
    await page.getByRole('button', { name: 'Report leak' }).click();
    expect(await statusOf(console, value.reveal())).toBe(200);
    await page.getByRole('button', { name: 'Report leak' }).click();
    await page.getByRole('status').filter({ hasText: 'was reported.' }).waitFor();
    expect(await statusOf(console, value.reveal())).toBe(401);
    await page.close();
  });
});

describe('a lost answer, and impatience', () => {
  test('creating again after the answer was lost makes one token, and still shows its value', async () => {
    const account = await newAccount('lossy');
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    let lost = 0;
    await page.route('**/tokens', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      // The server has done it; the page never hears of that. The SDK itself tries twice more.
      if (lost < 3) {
        lost += 1;
        await route.fetch();
        return route.abort('connectionreset');
      }
      return route.continue();
    });
    await page.getByRole('button', { name: 'Add token' }).click();
    await dialog(page).getByLabel('Name').fill('ci');
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    await dialog(page).getByRole('alert').getByText('Postern cannot be reached.').waitFor();
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    const value = await dialog(page).getByLabel('Token value').inputValue();
    expect(lost).toBe(3);
    const { items } = await console.postern.serviceAccounts.tokens.list(account.id).page();
    expect(items.map(({ hint }) => hint)).toEqual([value.slice(-10, -6)]);
    await page.close();
  });

  test('a double click creates one account', async () => {
    const page = await console.open(ACCOUNTS);
    await page.getByRole('button', { name: 'Add service account' }).first().click();
    await dialog(page).getByLabel('Display name').fill('double-click');
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).dblclick();
    await dialog(page).getByText('double-click was created.').waitFor();
    const { items } = await console.postern.serviceAccounts.list({ search: 'double-click' }).page();
    expect(items).toHaveLength(1);
    await page.close();
  });

  test('what the server finds wrong stands at its field, which gets the focus', async () => {
    const page = await console.open(ACCOUNTS);
    await page.getByRole('button', { name: 'Add service account' }).first().click();
    await dialog(page).getByLabel('Display name').fill('   ');
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).click();
    const field = dialog(page).getByLabel('Display name');
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true');
    expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
    await page.close();
  });
});

describe('two admins', () => {
  test('what one disables is disabled in the other’s list, without a reload', async () => {
    const account = await newAccount('watched');
    const page = await console.open(`${ACCOUNTS}?search=watched`);
    const row = page.getByRole('row', { name: /watched/ });
    await row.getByText('Active').waitFor();
    await console.postern.serviceAccounts.disable(account.id);
    await row.getByText('Disabled').waitFor(SOON);
    await row.getByRole('link', { name: 'watched' }).click();
    await page.getByText(/^Disabled by bootstrap just now\. It had no tokens\. Its memberships are kept\.$/).waitFor();
    await page.close();
  });

  test('what one disables before the other’s page follows changes is seen as soon as it does', async () => {
    const account = await newAccount('unwatched');
    const page = await console.open('/');
    const follows = Promise.withResolvers<void>();
    await page.route('**/api/v1/changes', async (route) => {
      await follows.promise;
      await route.continue();
    });
    await page.goto(`${console.server.url}${ACCOUNTS}?search=unwatched`);
    const row = page.getByRole('row', { name: /unwatched/ });
    await row.getByText('Active').waitFor();
    await console.postern.serviceAccounts.disable(account.id);
    follows.resolve();
    await row.getByText('Disabled').waitFor(SOON);
    await page.close();
  });

  test('who edits what somebody has changed meanwhile is told, and chooses', async () => {
    const account = await newAccount('edited-twice');
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    await page.getByRole('button', { name: 'Rename' }).click();
    await dialog(page).getByLabel('Display name').fill('mine');
    await console.postern.serviceAccounts.update(account.id, { displayName: 'theirs' });
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).getByText('Somebody changed this account while you were editing it.').waitFor();
    await dialog(page).getByRole('cell', { name: 'theirs' }).waitFor();
    expect((await console.postern.serviceAccounts.get(account.id)).displayName).toBe('theirs');
    await dialog(page).getByRole('button', { name: 'Keep mine' }).click();
    await page.getByRole('heading', { level: 1, name: 'mine' }).waitFor();
    await page.close();
  });

  test('the same of a group and of a custom role; what was saved can be taken back', async () => {
    const { groups, roles } = console.postern;
    const group = await groups.create({ name: 'edited-group', description: 'before' });
    const page = await console.open(`/settings/groups/${group.id}`);
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await dialog(page).getByLabel('Description').fill('mine');
    await groups.update(group.id, { description: 'theirs' });
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).getByText('Somebody changed this group while you were editing it.').waitFor();
    await dialog(page).getByRole('cell', { name: 'theirs' }).waitFor();
    await dialog(page).getByRole('button', { name: 'Keep mine' }).click();
    await expect.poll(async () => (await groups.get(group.id)).description).toBe('mine');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await groups.get(group.id)).description).toBe('theirs');

    const role = await roles.create({ name: 'edited-role', permissions: ['workspace.read'] });
    await page.goto('/settings/roles');
    await choose(page, 'edited-role', 'Edit');
    await dialog(page).getByLabel('Name').fill('my-role');
    await roles.update(role.id, { permissions: ['workspace.read', 'workspace_member.read'] });
    // The page behind it knows already.
    await page.locator('tr', { hasText: 'edited-role' }).getByText('2 permissions', { exact: true }).waitFor();
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).getByText('Somebody changed this role while you were editing it.').waitFor();
    await dialog(page).getByRole('cell', { name: 'workspace_member.read' }).waitFor();
    await dialog(page).getByRole('button', { name: 'Take theirs' }).click();
    await dialog(page).waitFor({ state: 'hidden' });
    expect((await roles.get(role.id)).name).toBe('edited-role');
    await page.close();
  });

  test('a token that somebody has refreshed meanwhile is not refreshed over it', async () => {
    const account = await newAccount('refreshed-twice');
    const { token } = await console.postern.serviceAccounts.tokens.create(account.id, { name: 'ci' });
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    const [read] = await Promise.all([
      page.waitForResponse((answer) => new URL(answer.url()).pathname.endsWith(`/tokens/${token.id}`)),
      page.getByRole('button', { name: 'Refresh token ci' }).click(),
    ]);
    expect(read.ok()).toBe(true);
    const { tokens } = console.postern.serviceAccounts;
    const first = await tokens.refresh(account.id, token.id, { overlapSeconds: 3_600 });
    await dialog(page).getByRole('button', { name: 'Refresh token' }).click();
    await dialog(page)
      .getByText(/^bootstrap refreshed this token (\d+ s ago|just now)\. No new value was made\.$/)
      .waitFor();
    expect(await statusOf(console, first.value.reveal())).toBe(200);
    await dialog(page).getByRole('button', { name: 'Reload' }).click();
    await page.getByText('No calls since the refresh.').waitFor();
    await page.close();
  });

  test('a session that was ended elsewhere: sign-in over the page, and what was written is kept', async () => {
    const page = await console.signIn();
    await page.goto(ACCOUNTS);
    await page.getByRole('button', { name: 'Add service account' }).first().click();
    await dialog(page).getByLabel('Display name').fill('kept-text');
    // What the page asks by itself waits: nothing but what the person does tells it of the end.
    const signedIn = Promise.withResolvers<void>();
    await page.route('**/api/v1/**', async (route) => {
      if (route.request().method() === 'GET') await signedIn.promise;
      await route.continue();
    });
    await page.context().clearCookies();
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).click();
    const over = page.getByRole('dialog', { name: 'Your session has ended' });
    await over.waitFor();
    await over.getByLabel('E-mail').fill(EMAIL);
    await over.getByRole('textbox', { name: 'Password' }).fill('correct horse battery');
    await over.getByRole('button', { name: 'Sign in', exact: true }).click();
    await over.waitFor({ state: 'hidden' });
    signedIn.resolve();
    const form = page.getByRole('dialog', { name: 'Add service account' });
    expect(await form.getByLabel('Display name').inputValue()).toBe('kept-text');
    await form.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByText('kept-text was created.').waitFor();
    await page.context().close();
  });

  test('who is not signed in comes back to the page that they wanted', async () => {
    const context = await console.openContext();
    const page = await context.newPage();
    await page.goto('/settings/roles');
    await fillSignIn(page, EMAIL, 'wrong password');
    await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor();
    await fillSignIn(page);
    await page.getByRole('heading', { level: 1, name: 'Roles' }).waitFor();
    await page.goto('/sign-in?to=//evil.example');
    await fillSignIn(page);
    await page.getByRole('heading', { level: 1, name: 'Harbour' }).waitFor();
    await context.close();
  });
});

test('a second step is set up, and switched off again', async () => {
  await joinByInvitation(console, CAREFUL, 'Careful');
  const page = await console.open('/settings/security', CAREFUL);
  const section = page.getByRole('region', { name: 'Two-step sign-in' });
  await section.getByRole('button', { name: 'Set up two-step sign-in' }).click();
  const begun = page.getByRole('dialog', { name: 'Set up two-step sign-in' });
  await begun.getByRole('textbox', { name: 'Your password' }).fill(CAREFUL.password);
  await begun.getByRole('button', { name: 'Continue' }).click();
  await begun.getByRole('textbox', { name: 'Code' }).and(page.locator(':focus')).waitFor();
  await begun.getByRole('button', { name: 'Copy the key' }).click();
  const secret = await page.evaluate(() => navigator.clipboard.readText());
  await begun.getByRole('textbox', { name: 'Code' }).fill(totpCode(`otpauth://totp/Postern?secret=${secret}`));
  await begun.getByRole('button', { name: 'Turn on' }).click();
  await section.getByText('On', { exact: true }).waitFor();

  await section.getByRole('button', { name: 'Switch off' }).click();
  const asked = page.getByRole('dialog', { name: 'Switch off two-step sign-in' });
  const shown = await commandOf(asked);
  expect([shown, refusalOf(shown)]).toEqual(['postern member reset-password EMAIL --without-second-step', undefined]);
  const password = asked.getByRole('textbox', { name: 'Your password' });
  await password.fill('wrong password');
  await asked.getByRole('button', { name: 'Switch off' }).click();
  await asked.getByRole('alert').waitFor();
  await password.fill(CAREFUL.password);
  await asked.getByRole('button', { name: 'Switch off' }).click();
  await page.getByRole('status').filter({ hasText: 'Two-step sign-in is off.' }).waitFor();
  await section.getByText('Off', { exact: true }).waitFor();
  await page.close();
});

test('a workspace is deleted on its page, which leads back to the list', async () => {
  const workspace = await console.postern.workspaces.create({ name: 'short-lived' });
  const page = await console.open(`/settings/workspaces/${workspace.id}`);
  await choose(page, 'short-lived', 'Delete workspace');
  await dialog(page).getByLabel('Type short-lived to confirm').fill('short-lived');
  await dialog(page).getByRole('button', { name: 'Delete workspace' }).click();
  await page.getByRole('heading', { level: 1, name: 'Workspaces' }).waitFor();
  expect((await console.postern.workspaces.list({ search: 'short-lived' }).page()).items).toEqual([]);
  await page.close();
});

test('who manages a group but may not list people adds them by their id', async () => {
  const { groups } = console.postern;
  const person = await joinByInvitation(console, MANAGER, 'Grace');
  const group = await groups.create({ name: 'managed' });
  await groups.members.set(group.id, person, { role: 'manager' });
  const account = await newAccount('added-by-id');
  const page = await console.open(`/settings/groups/${group.id}`, MANAGER);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog(page).getByLabel('Member or service account').fill(account.id);
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('rowheader', { name: 'added-by-id' }).waitFor();
  expect(await page.getByRole('button', { name: 'Actions for managed' }).count()).toBe(0);
  await page.goto('/settings/security');
  await page.getByRole('region', { name: 'Two-step sign-in' }).getByText('Off').waitFor();
  expect(await page.getByRole('button', { name: 'Switch off' }).count()).toBe(0);
  await page.close();
});

test('an account tells what became of its tokens and roles, and so does the audit log behind it', async () => {
  const { postern } = console;
  const account = await newAccount('tells-all');
  const { token } = await postern.serviceAccounts.tokens.create(account.id, { name: 'ended since' });
  await postern.serviceAccounts.tokens.delete(account.id, token.id);
  const group = await postern.groups.create({ name: 'those who tell' });
  await postern.groups.members.set(group.id, account.id, { role: 'member' });
  const page = await console.open(`${ACCOUNTS}/${account.id}`);
  const activity = page.getByRole('region', { name: 'Activity' });
  await activity.getByText('deleted token ended since').waitFor();
  const told = await activity.getByRole('listitem').allInnerTexts();
  expect(told.map((text) => /those who tell|(?:added|deleted) token|created service account/.exec(text)?.[0])).toEqual([
    'those who tell',
    'deleted token',
    'added token',
    'created service account',
  ]);
  await activity.getByRole('link', { name: 'All in the audit log' }).click();
  await page.getByRole('cell', { name: 'added token ended since' }).waitFor();
  expect(await page.getByRole('textbox', { name: 'Concerning' }).inputValue()).toBe(account.id);
  expect(await page.getByRole('table', { name: 'Audit log' }).getByRole('rowheader').count()).toBe(4);
  await page.close();
});

test('what the audit log finds is saved as a file', async () => {
  await newAccount('to-be-exported');
  const page = await console.open('/audit-log?action=service_account.create');
  await page.getByRole('button', { name: 'Export' }).click();
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: /^CSV/ }).click(),
  ]);
  expect(saved.suggestedFilename()).toMatch(/^audit-events-[\d-]+\.csv$/);
  const text = await readFile(await saved.path(), 'utf8');
  expect(text).toMatch(/^id,at,action/);
  expect(text).toContain('to-be-exported');
  expect(text).not.toContain('member.invite');
  await page.close();
});

test('a name is text, whatever it looks like', async () => {
  const page = await console.open(ACCOUNTS);
  await page.getByRole('link', { name: HOSTILE }).waitFor();
  expect(await page.title()).toBe('Service accounts · Postern');
  expect(await page.locator('img').count()).toBe(0);
  await page.close();
});

test('a page of somewhere else can neither change anything nor show this one in a frame', async () => {
  const page = await console.open('/');
  const refused = await page.request.post(`${console.server.url}/api/v1/service-accounts`, {
    headers: { origin: 'https://evil.example', 'content-type': 'application/json' },
    data: { displayName: 'forged', organizationRole: 'member' },
  });
  expect([refused.status(), (await refused.json()).code]).toEqual([403, 'origin.foreign']);
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
