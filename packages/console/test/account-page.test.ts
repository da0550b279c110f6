import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Console, dialog, openConsole, settle, statusOf } from './console.ts';

/** One account and its tokens: what is wrong stands where it is, all of them count, and what changes is seen at once. */

const ACCOUNTS = '/settings/members/service-accounts';
/** Sooner than anything is asked for again by itself. */
const SOON = { timeout: 8_000 };

let console: Console;

beforeAll(async () => {
  console = await openConsole();
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

const newAccount = (displayName: string) =>
  console.postern.serviceAccounts.create({ displayName, organizationRole: 'member' });

describe('what is wrong with the limits of a token', () => {
  const field = (page: Page, name: string) => dialog(page).getByRole('combobox', { name });
  /** The text that its field refers to. */
  const errorOf = (page: Page, name: string) =>
    field(page, name).evaluate((input) =>
      (input.getAttribute('aria-describedby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .find((text) => / (is|must) /.test(text)),
    );

  /** Those that are not in the box of their field, where a narrow screen has no room for them beside others. */
  const hiddenEntries = (page: Page) =>
    dialog(page)
      .locator('.mantine-Pill-root')
      .evaluateAll((entries) =>
        entries.flatMap((entry) => {
          const [own, box] = [entry, entry.closest('.mantine-Input-input')].map((one) => one?.getBoundingClientRect());
          return own && box && own.top >= box.top && own.bottom <= box.bottom ? [] : [entry.textContent];
        }),
      );

  test('stands at its field and says which entry it is; they stay open while it is corrected', async () => {
    const account = await newAccount('limited');
    const page = await console.open(`${ACCOUNTS}/${account.id}`);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('button', { name: 'Add token' }).click();
    await dialog(page).getByLabel('Name').fill('ci');
    await dialog(page).getByText('Limit this token').click();
    for (const [name, entries] of [
      ['Workspaces', ['nowhere']],
      ['Networks', ['10.2.0.0/16', '10.2.0.1/16']],
    ] as const) {
      for (const entry of entries) {
        await field(page, name).fill(entry);
        await field(page, name).press('Enter');
      }
    }
    await dialog(page).getByText('Limit this token').click();
    const submit = dialog(page).getByRole('button', { name: 'Add', exact: true });
    await submit.click();
    const network = '10.2.0.1/16 must be an address or a network in CIDR notation, without host bits.';
    await dialog(page).getByText(network).waitFor();
    expect(await errorOf(page, 'Networks')).toBe(network);
    await expect.poll(() => field(page, 'Networks').evaluate((input) => input === document.activeElement)).toBe(true);
    expect(await hiddenEntries(page)).toEqual([]);
    await field(page, 'Networks').press('Backspace');
    await dialog(page).getByText(network).waitFor({ state: 'detached' });
    expect(await field(page, 'Networks').isVisible()).toBe(true);
    await submit.click();
    await dialog(page).getByText('nowhere is not a workspace.').waitFor();
    expect(await errorOf(page, 'Workspaces')).toBe('nowhere is not a workspace.');
    expect(await errorOf(page, 'Networks')).toBeUndefined();
    await field(page, 'Workspaces').press('Backspace');
    await submit.click();
    await dialog(page).getByLabel('Token value').waitFor();
    await page.close();
  });
});

test('the use of an account is that of all its tokens, as far as they are asked for', async () => {
  const account = await newAccount('much-used');
  const { tokens } = console.postern.serviceAccounts;
  for (let index = 0; index < 51; index += 1) {
    const { value } = await tokens.create(account.id, { name: `token-${index}` });
    expect(await statusOf(console, value.reveal())).toBe(200);
  }
  const unused = async () =>
    (await tokens.list(account.id).toArray({ max: 60 })).filter(({ lastUsedAt }) => lastUsedAt === null).length;
  await expect.poll(unused).toBe(0);
  const page = await console.open(`${ACCOUNTS}/${account.id}`);
  await page.getByRole('img', { name: '50 calls in the last 30 days, by day' }).waitFor();
  await page.getByText('Of the 50 tokens that were used last').waitFor();
  await page.getByRole('button', { name: 'Count 50 more' }).click();
  await page.getByRole('img', { name: '51 calls in the last 30 days, by day' }).waitFor();
  expect(await page.getByRole('button', { name: 'Count 50 more' }).count()).toBe(0);
  // A request for each token is too much for every change of somebody else.
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/usage')) asked.push(request.url());
  });
  const isAccount = (url: string) => new URL(url).pathname === `/api/v1/service-accounts/${account.id}`;
  // What the first change led to has been answered once the page looks after the second one.
  for (const name of ['somebody does something', 'and something else']) {
    const readAgain = page.waitForResponse((answer) => isAccount(answer.url()));
    await console.postern.groups.create({ name });
    await readAgain;
  }
  expect(asked).toEqual([]);
  await page.close();
});

test('what is done to tokens is seen wherever it is told of, also where nobody tells of changes', async () => {
  const account = await newAccount('followed-by-nobody');
  const page = await console.open('/');
  await page.route('**/api/v1/changes', (route) => route.abort());
  await page.goto(`${console.server.url}${ACCOUNTS}/${account.id}`);
  await settle(page);
  await page.getByRole('button', { name: 'Add token' }).click();
  await dialog(page).getByLabel('Name').fill('ci');
  await dialog(page).getByLabel('Expiration').click();
  await page.getByRole('option', { name: /^7 days/ }).click();
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  // Behind the dialog, where who cannot see is not told of it.
  await page.locator('section', { hasText: 'Needs attention (1)' }).waitFor(SOON);
  await page.locator('li', { hasText: 'added token ci' }).waitFor(SOON);
  await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
  await dialog(page).getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Delete token ci' }).click();
  await dialog(page).getByLabel('Type ci to confirm').fill('ci');
  await dialog(page).getByRole('button', { name: 'Delete token' }).click();
  await page.getByText('Needs attention (1)').waitFor({ state: 'detached', ...SOON });
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
