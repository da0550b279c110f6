import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addManyAccounts, numberedName } from '../../../testing/many-accounts.ts';
import type { Postern as Process } from '../../../testing/postern-process.ts';
import { type Console, openConsole, settle } from './console.ts';

/** A list of ten thousand: what it costs does not grow with its length, and nobody notices that most of it is not there. */

const ACCOUNTS = '/settings/members/service-accounts';
const COUNT = 10_000;
/** More than any window shows with what stands ready, and far less than is loaded. */
const MOST_ROWS = 120;
/** What the API answers at once. */
const MOST_ASKED = 200;

let console: Console;
let server: Process;

beforeAll(async () => {
  console = await openConsole();
  server = await addManyAccounts(console.server, COUNT);
});
afterAll(async () => {
  await server?.kill();
  await console?.[Symbol.asyncDispose]();
});

const rows = (page: Page) => page.locator('tbody tr').count();
const link = (page: Page, number: number) => page.getByRole('link', { name: numberedName(number), exact: true });
const shown = async (page: Page) =>
  Number(/\d+/.exec((await page.getByText(/^\d+ shown$/).textContent()) ?? '')?.[0] ?? '0');

/** Goes to the end as often as it takes until so many are loaded, and back to the beginning, where no more come. */
async function loadBy(page: Page, count: number): Promise<void> {
  await expect
    .poll(
      async () => {
        // Not by the key, whose scrolling goes on for a while after it.
        await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
        return shown(page);
      },
      { timeout: 90_000 },
    )
    .toBeGreaterThanOrEqual(count);
  await page.evaluate(() => scrollTo(0, 0));
  await link(page, 5).waitFor();
  await page.getByRole('button', { name: 'Load 50 more' }).waitFor();
}

/** Goes to that part of the list, and tells the number of an account that is seen there. */
async function goTo(page: Page, part: number): Promise<number> {
  let number = 0;
  await expect
    .poll(async () => {
      await page.evaluate((at) => scrollTo(0, document.documentElement.scrollHeight * at), part);
      number = Math.round((await shown(page)) * part);
      return link(page, number).isVisible();
    })
    .toBe(true);
  return number;
}

test('more comes as its end comes near; rows in the page stay few, and all can be reached by keyboard', async () => {
  const page = await console.open(ACCOUNTS);
  await settle(page);
  expect(await page.getByRole('row').count()).toBe(51);
  // Not by a mouse, which would first have to go to the end, where more comes by itself.
  await page.getByRole('button', { name: 'Load 50 more' }).evaluate((button) => button.focus({ preventScroll: true }));
  await page.keyboard.press('Enter');
  await page.getByText('100 shown').waitFor();
  await loadBy(page, 2_000);
  expect(await rows(page)).toBeLessThan(MOST_ROWS);

  // From what stands under the table back into it: to its last row, and on to the one before.
  const last = await shown(page);
  await page.getByRole('button', { name: 'Load 50 more' }).evaluate((button) => button.focus({ preventScroll: true }));
  await page.keyboard.press('Shift+Tab');
  expect(await focused(page)).toBe(`Actions for ${numberedName(last)}`);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  expect(await focused(page)).toBe(`Actions for ${numberedName(last - 1)}`);
  expect(await page.getByRole('row', { name: numberedName(last) }).getAttribute('aria-rowindex')).toBe(
    String(last + 1),
  );

  // What has the focus keeps it while others are looked at, and Tab goes on from there.
  await page.evaluate(() => scrollTo(0, 0));
  await link(page, 5).waitFor();
  expect(await focused(page)).toBe(`Actions for ${numberedName(last - 1)}`);
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe(numberedName(last));

  // From what stands over the table into it, wherever one has scrolled to: to its first row, and on to the next.
  await page.getByRole('combobox', { name: 'Sort' }).focus();
  await goTo(page, 0.5);
  for (const name of [numberedName(1), `Actions for ${numberedName(1)}`, numberedName(2)]) {
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe(name);
  }
  expect(await rows(page)).toBeLessThan(MOST_ROWS);
  await page.close();
});

test('a change is seen far down for a few requests, one after another, and so are many changes', async () => {
  const page = await console.open(ACCOUNTS);
  await settle(page);
  // Ten pages as they are at first.
  await loadBy(page, 500);
  const number = await goTo(page, 0.8);
  const count = await shown(page);
  const walk = Math.ceil(count / MOST_ASKED);
  const asked = { all: 0, fromTheBeginning: 0 };
  const isList = (url: URL) => url.pathname === '/api/v1/service-accounts';
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!isList(url)) return;
    asked.all += 1;
    if (!url.searchParams.has('cursor')) asked.fromTheBeginning += 1;
  });
  const seen = (other: number) =>
    page
      .getByRole('row', { name: numberedName(other) })
      .getByText('Disabled')
      .waitFor();

  await disable(number);
  await seen(number);
  expect(asked.all).toBeLessThanOrEqual(walk);
  expect(await shown(page)).toBe(count);

  // What changes while the list is on its way waits for it: whatever was begun comes to its end.
  const made = Promise.withResolvers<void>();
  await page.route(isList, async (route) => {
    if (new URL(route.request().url()).searchParams.has('cursor')) await made.promise;
    await route.continue();
  });
  const others = [number + 1, number + 2, number + 3, number - 1, number - 2];
  for (const other of others) await disable(other);
  made.resolve();
  for (const other of others) await seen(other);
  await expect.poll(() => asked.all).toBe(asked.fromTheBeginning * walk);
  await page.close();
});

async function disable(number: number): Promise<void> {
  const { items } = await console.postern.serviceAccounts.list({ search: numberedName(number) }).page();
  await console.postern.serviceAccounts.disable(items[0]?.id ?? '');
}

test('a row is not made again when more are loaded, and nothing moves', async () => {
  const page = await console.open('/');
  // With every list that is asked for again every row is new: the stream does not begin, whose first word asks for it, and
  // of more than one request brings the list is not asked for again by itself.
  await page.route('**/api/v1/changes', () => undefined);
  await page.goto(ACCOUNTS);
  await settle(page);
  await loadBy(page, 300);
  await goTo(page, 0.4);
  const count = await shown(page);
  await remember(page);
  await page.getByRole('button', { name: 'Load 50 more' }).dispatchEvent('click');
  await expect.poll(() => shown(page)).toBe(count + 50);
  const { kept, madeAgain, moved } = await compare(page);
  expect(kept).toBeGreaterThan(20);
  expect([madeAgain, moved]).toEqual([[], []]);
  await page.close();
});

test('what is seen comes first and every other row after it; on the way back to the middle of a list nothing moves', async () => {
  const page = await console.open(ACCOUNTS);
  await settle(page);
  await page.evaluate(() => scrollTo(0, 800));
  await link(page, 25).click();
  await page.getByRole('heading', { level: 1, name: numberedName(25) }).waitFor();
  await settle(page);
  await page.evaluate(() => {
    const shifts: number[] = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push(Reflect.get(entry, 'value'));
    }).observe({ type: 'layout-shift' });
    Object.assign(window, { shifts });
  });
  await page.goBack();
  await link(page, 25).waitFor();
  await expect.poll(async () => (await rows(page)) === (await shown(page))).toBe(true);
  expect(await page.evaluate(() => Reflect.get(window, 'shifts'))).toEqual([]);
  await page.close();
});

interface Kept {
  readonly row: Element;
  readonly made: unknown;
  readonly top: number;
}

/** React keeps what it made an element of at the element, and replaces that whenever it makes it again. */
const MADE = '__reactProps$';

/** Which rows there are, what they were made of, and where they are; but for the last, which is there as long as it is that. */
async function remember(page: Page): Promise<void> {
  await page.evaluate((prefix) => {
    const there = [...document.querySelectorAll('tbody[data-item]')].slice(0, -1);
    const kept: Kept[] = there.map((row) => {
      const name = Object.keys(row).find((key) => key.startsWith(prefix)) ?? '';
      return { row, made: Reflect.get(row, name), top: row.getBoundingClientRect().top };
    });
    if (kept.some(({ made }) => made === undefined)) throw new Error('React keeps it elsewhere');
    Object.assign(window, { kept });
  }, MADE);
}

async function compare(page: Page) {
  return page.evaluate((prefix) => {
    const all: readonly Kept[] = Reflect.get(window, 'kept');
    const kept = all.filter(({ row }) => row.isConnected);
    const names = (rows: readonly Kept[]) => rows.map(({ row }) => row.querySelector('th')?.textContent);
    return {
      kept: kept.length,
      madeAgain: names(
        kept.filter(({ row, made }) => {
          const name = Object.keys(row).find((key) => key.startsWith(prefix)) ?? '';
          return Reflect.get(row, name) !== made;
        }),
      ),
      moved: names(kept.filter(({ row, top }) => row.getBoundingClientRect().top !== top)),
    };
  }, MADE);
}

test('far down, a row’s menu and dialog open, what they did is seen, and the focus comes back', async () => {
  const page = await console.open(ACCOUNTS);
  await settle(page);
  await loadBy(page, 300);
  const name = numberedName(await goTo(page, 0.7));
  const menu = page.getByRole('button', { name: `Actions for ${name}` });
  await menu.click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await page.getByRole('dialog').getByLabel('Display name').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => focused(page)).toBe(`Actions for ${name}`);
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable', exact: true }).click();
  await page.getByRole('row', { name }).getByText('Disabled').waitFor();
  await expect.poll(() => focused(page)).toBe(`Actions for ${name}`);
  expect((await new AxeBuilder({ page }).setLegacyMode().analyze()).violations).toEqual([]);
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});

/** What has the focus: its name, or its text. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim();
  });
}
