import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { totpCode } from '../../server/test/people.ts';
import { type Console, fillSignIn, joinByInvitation, openConsole, type Person } from './console.ts';

/** Signing in and out where something is in the way: no dead end, and nothing that is not true. */

const CAREFUL: Person = { email: 'careful@example.com', password: 'another long password' };

let console: Console;

beforeAll(async () => {
  console = await openConsole();
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

const alert = (page: Page) => page.getByRole('alert');

/** What the pages of sign-in send, sent by hand. */
async function send(context: BrowserContext, path: string, data: object) {
  return await context.request.post(`/api/v1/auth${path}`, { headers: { origin: console.server.url }, data });
}

describe('a second step', () => {
  test('that took too long leads back to the first, and says so; it can be left by hand, too', async () => {
    await joinByInvitation(console, CAREFUL, 'Careful');
    const context = await console.openContext();
    await send(context, '/sign-in/email', CAREFUL);
    const begun = await send(context, '/two-factor/enable', { password: CAREFUL.password });
    const { totpUri } = (await begun.json()) as { totpUri: string };
    expect((await send(context, '/two-factor/verify-totp', { code: totpCode(totpUri) })).status()).toBe(200);
    await context.clearCookies();
    const page = await context.newPage();
    await page.goto('/sign-in');
    const code = page.getByRole('textbox', { name: 'Code' });
    await fillSignIn(page, CAREFUL.email, CAREFUL.password);
    await code.fill('123456');
    // As when the browser has let go of it after its ten minutes.
    await context.clearCookies();
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await alert(page).getByText('That took too long, or too many codes were wrong. Sign in again.').waitFor();
    expect(await page.getByLabel('E-mail').inputValue()).toBe(CAREFUL.email);
    await fillSignIn(page, CAREFUL.email, CAREFUL.password);
    await code.waitFor();
    expect(await alert(page).count()).toBe(0);
    await page.getByRole('button', { name: 'Start over' }).click();
    await page.getByLabel('E-mail').waitFor();
    await context.close();
  });
});

test('too many attempts are said at once, and nothing is sent again by itself', async () => {
  const stranger = { email: 'stranger@example.com', password: 'a guess that is wrong' };
  const context = await console.openContext();
  for (let attempt = 0; attempt < 10; attempt += 1) await send(context, '/sign-in/email', stranger);
  const page = await context.newPage();
  await page.goto('/sign-in');
  await fillSignIn(page, stranger.email, stranger.password);
  await alert(page)
    .getByText(/^Too many attempts. Try again in \d+ s.$/)
    .waitFor({ timeout: 10_000 });
  await context.close();
});

describe('a session that has ended', () => {
  test('is good again once somebody has signed in elsewhere in this browser', async () => {
    const page = await console.signIn();
    const context = page.context();
    await page.route('**/api/v1/sign-in-options', (route) =>
      route.fulfill({ json: { providers: [{ name: 'okta', displayName: 'Okta' }], passwordReset: false } }),
    );
    const look = () => page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
    await context.clearCookies();
    await look();
    const over = page.getByRole('dialog', { name: 'Your session has ended' });
    const elsewhere = context.waitForEvent('page');
    await over.getByRole('link', { name: 'Sign in with Okta in a new tab' }).click();
    const other = await elsewhere;
    await fillSignIn(other);
    await other.getByRole('button', { name: /^Account menu/ }).waitFor();
    await page.bringToFront();
    await look();
    await over.waitFor({ state: 'hidden' });
    await context.close();
  });
});

test('a sign-out that did not come through is said, and can be repeated', async () => {
  const page = await console.signIn();
  await page.getByRole('button', { name: /^Account menu/ }).click();
  await page.route('**/sign-out', (route) => route.abort());
  const signOut = page.getByRole('menuitem', { name: 'Sign out' });
  await signOut.click();
  await page.getByRole('menuitem', { name: 'Signing out…' }).waitFor();
  await alert(page).getByText('Postern cannot be reached.').waitFor();
  await page.unroute('**/sign-out');
  await signOut.click();
  await page.getByLabel('E-mail').waitFor();
  await page.context().close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
