import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addManyOfEach, type ManyOfEach, nameOf } from '../../../testing/many-of-each.ts';
import { type Console, openConsole, settle } from './console.ts';

/** Every list that may be long: what it costs does not grow with its length, in a window and on a telephone. */

const ACCOUNTS = '/settings/members/service-accounts';
const COUNT = 150;
/** More than any window shows with what stands ready, and fewer than are loaded. */
const MOST_ROWS = 80;
/** Of one row: what opens from it is made when it is asked for. */
const MOST_ELEMENTS = 45;
const SCREENS = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
];

let console: Console;
let many: ManyOfEach;

beforeAll(async () => {
  console = await openConsole();
  many = await addManyOfEach(console.postern, COUNT);
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

const table = (page: Page, name: string) => page.getByRole('table', { name, exact: true });
const rows = (page: Page, name: string) => table(page, name).locator('tbody[data-item]');
const shown = async (page: Page) =>
  Number(
    /\d+/.exec(
      (await page
        .getByText(/^\d+ shown$/)
        .first()
        .textContent()) ?? '',
    )?.[0] ?? '0',
  );

/** Until all of it is loaded: lists that end their page go on by themselves, the others when they are asked to. */
async function loadAll(page: Page, within: boolean): Promise<void> {
  const more = page.getByRole('button', { name: /^Load 50 more$/ });
  await expect
    .poll(async () => {
      if (within && (await more.isVisible())) await more.click();
      else await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      return (await shown(page)) >= COUNT && (await more.count()) === 0;
    })
    .toBe(true);
}

describe.each(SCREENS)('at $width px', (screen) => {
  test.each([
    { name: 'Members', path: () => '/settings/members', last: `${nameOf('person', COUNT)}@example.com` },
    { name: 'Service accounts', path: () => ACCOUNTS, last: 'bootstrap' },
    { name: 'Groups', path: () => '/settings/groups', last: nameOf('group', COUNT) },
    { name: 'Workspaces', path: () => '/settings/workspaces', last: nameOf('workspace', COUNT) },
    { name: 'Audit log', path: () => '/audit-log?action=workspace.create', last: nameOf('workspace', 1) },
    { name: 'OAuth tokens', path: () => `${ACCOUNTS}/${many.account}`, last: undefined, within: true },
    { name: 'Members', path: () => `/settings/groups/${many.group}`, last: nameOf('account', COUNT), within: true },
    { name: 'Members', path: () => `/settings/workspaces/${many.workspace}`, last: undefined, within: true },
  ])('few rows of $name are in the page, and its last one is reached', async ({ name, path, last, within = false }) => {
    const page = await console.open('/');
    await page.setViewportSize(screen);
    await page.goto(path());
    await settle(page);
    await loadAll(page, within);
    const count = await shown(page);
    expect(await rows(page, name).count()).toBeLessThan(MOST_ROWS);
    expect(await table(page, name).getAttribute('aria-rowcount')).toBe(String(count + 1));
    const end = rows(page, name).last();
    await end.scrollIntoViewIfNeeded();
    expect(await end.getByRole('row').first().getAttribute('aria-rowindex')).toBe(String(count + 1));
    if (last !== undefined) expect(await end.textContent()).toContain(last);
    expect(await rows(page, name).count()).toBeLessThan(MOST_ROWS);
    expect(await end.locator('*').count()).toBeLessThan(MOST_ELEMENTS);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(screen.width);
    await page.close();
  });

  test.each([
    { path: ACCOUNTS, noun: 'account' },
    { path: '/settings/groups', noun: 'group' },
    { path: '/settings/workspaces', noun: 'workspace' },
  ])('Back to $path is back at the row that led away', async ({ path, noun }) => {
    const page = await console.open('/');
    await page.setViewportSize(screen);
    await page.goto(path);
    await settle(page);
    await loadAll(page, false);
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight * 0.6));
    const name = nameOf(noun, Math.round(COUNT * 0.6));
    const link = page.getByRole('link', { name, exact: true });
    await link.waitFor();
    await link.scrollIntoViewIfNeeded();
    const before = await settledPlace(page, name);
    await link.click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await expect.poll(() => focused(page)).toBe(name);
    await page.goBack();
    await page.waitForURL(path);
    await link.waitFor();
    await expect.poll(() => link.evaluate((each) => each === document.activeElement)).toBe(true);
    await expect.poll(() => placeOf(page, name)).toEqual(before);
    await page.close();
  });

  test('Back to the members is back at the one who was changed last', async () => {
    const page = await console.open('/');
    await page.setViewportSize(screen);
    await page.goto('/settings/members');
    await settle(page);
    await loadAll(page, false);
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight * 0.5));
    const name = `${nameOf('person', Math.round(COUNT * 0.5))}@example.com`;
    const menu = page.getByRole('button', { name: `Actions for ${name}` });
    await menu.focus();
    const before = await settledPlace(page, name);
    await goAwayAndBack(page);
    await expect.poll(() => focused(page)).toBe(`Actions for ${name}`);
    await expect.poll(() => placeOf(page, name)).toEqual(before);
    await page.close();
  });

  test.each([
    { page: 'an account', path: () => `${ACCOUNTS}/${many.account}`, name: nameOf('token', 75) },
    { page: 'a group', path: () => `/settings/groups/${many.group}`, name: nameOf('account', 75) },
  ])('Back to the page of $page is back where it was', async ({ path, name }) => {
    const page = await console.open('/');
    await page.setViewportSize(screen);
    await page.goto(path());
    await settle(page);
    await loadAll(page, true);
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    // Rows are in the page only as long as they are near what is seen.
    const row = page.getByRole('rowheader', { name });
    await expect
      .poll(async () => {
        await page.mouse.wheel(0, -500);
        return row.count();
      })
      .toBe(1);
    await row.scrollIntoViewIfNeeded();
    const before = await settledPlace(page, name);
    await goAwayAndBack(page);
    await row.waitFor();
    await expect.poll(() => placeOf(page, name)).toEqual(before);
    await page.close();
  });
});

/** By the palette, so that nothing of the page is touched. */
async function goAwayAndBack(page: Page): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or jump to' }).fill('Security');
  await page.getByRole('option', { name: 'Security' }).click();
  await page.getByRole('heading', { level: 1, name: 'Security' }).waitFor();
  await page.goBack();
}

/** Where the row with that name is on the screen, in whole pixels, once it stays there. */
async function settledPlace(page: Page, name: string): Promise<number> {
  let place = await placeOf(page, name);
  await expect
    .poll(async () => {
      const before = place;
      place = await placeOf(page, name);
      return place === before;
    })
    .toBe(true);
  return place;
}

function placeOf(page: Page, name: string): Promise<number> {
  return page.getByRole('rowheader', { name }).evaluate((cell) => Math.round(cell.getBoundingClientRect().top));
}

/** What has the focus: its name, or its text. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim();
  });
}

test('a role is changed in its row, and what the icons there do is said when somebody comes near', async () => {
  const page = await console.open(`/settings/groups/${many.group}`);
  const role = page.getByRole('combobox', { name: `Role of ${nameOf('account', 2)}` });
  await role.selectOption('Group manager');
  await page
    .getByRole('status')
    .filter({ hasText: `Role of ${nameOf('account', 2)} changed.` })
    .waitFor();
  await expect.poll(() => role.locator('option:checked').textContent()).toBe('Group manager');
  const remove = page.getByRole('button', { name: `Remove ${nameOf('account', 3)}` });
  await remove.hover();
  await page.getByRole('tooltip', { name: 'Remove' }).waitFor();
  await page.mouse.move(0, 0);
  await page.getByRole('tooltip').waitFor({ state: 'detached' });
  await page.getByRole('combobox', { name: `Role of ${nameOf('account', 3)}` }).focus();
  await page.keyboard.press('Tab');
  await page.getByRole('tooltip', { name: 'Remove' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('tooltip').waitFor({ state: 'detached' });
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
