import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Console, dialog, EMAIL, openConsole, settle } from './console.ts';

/** The token policy, sessions, and what waits after a restore: what must not happen in passing. */

const ACCOUNTS = '/settings/members/service-accounts';

let console: Console;

beforeAll(async () => {
  console = await openConsole();
});
afterAll(async () => {
  await console?.[Symbol.asyncDispose]();
});

test('a double click looks what a policy would touch, and does not save it', async () => {
  const page = await console.open('/settings/security');
  await settle(page);
  const saved: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH' && !request.url().includes('dryRun')) saved.push(request.url());
  });
  const section = page.getByRole('region', { name: 'Token policy' });
  const save = section.getByRole('button', { name: 'Save policy' });
  const doubleClick = () => page.mouse.down({ clickCount: 2 }).then(() => page.mouse.up({ clickCount: 2 }));
  await section.getByLabel('Maximum lifetime in days').fill('90');
  await section.getByRole('button', { name: 'Preview' }).click();
  await section.getByText('No token that works now would stop working.').waitFor();
  // The pointer has not moved meanwhile.
  await doubleClick();
  await save.hover();
  await section.getByText('No token that works now would stop working.').waitFor();
  await doubleClick();
  await save.click();
  await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
  expect(saved).toHaveLength(1);
  // The form begins anew, and whoever works with the keyboard at its beginning.
  await section.getByRole('heading', { name: 'Token policy' }).and(page.locator(':focus')).waitFor();
  await console.postern.organization.update({ tokenPolicy: { creation: 'everyone', requireExpiry: false } });
  await page.close();
});

test('theirs can be taken, also where they changed something else than the policy', async () => {
  const page = await console.open('/settings/security');
  const section = page.getByRole('region', { name: 'Token policy' });
  const days = section.getByLabel('Maximum lifetime in days');
  await days.fill('30');
  await console.postern.organization.update({ name: 'Harbour of theirs' });
  await section.getByRole('button', { name: 'Preview' }).click();
  await section.getByRole('button', { name: 'Save policy' }).click();
  await section.getByText('Somebody changed the token policy while you were editing it.').waitFor();
  await section.getByRole('button', { name: 'Take theirs' }).click();
  await days.waitFor();
  expect(await days.inputValue()).toBe('');
  await page.close();
});

test('a group of the policy that is gone meanwhile is said at the groups, with its name', async () => {
  const group = await console.postern.groups.create({ name: 'soon gone' });
  const page = await console.open('/settings/security');
  const section = page.getByRole('region', { name: 'Token policy' });
  const groups = section.getByRole('combobox', { name: 'Groups' });
  await section.getByText('Members of some groups').click();
  await groups.fill('soon gone');
  await page.getByRole('option', { name: 'soon gone' }).click();
  await section.getByRole('button', { name: 'Preview' }).click();
  const save = section.getByRole('button', { name: 'Save policy' });
  await section.getByText('Preview it first.').waitFor({ state: 'detached' });
  await console.postern.groups.delete(group.id);
  await save.click();
  // It has left the policy, too, and so there is a newer one.
  await section.getByRole('button', { name: 'Keep mine' }).click();
  await section.getByText('soon gone is not a group.').waitFor();
  expect(await groups.getAttribute('aria-invalid')).toBe('true');
  await groups.and(page.locator(':focus')).waitFor();
  await page.close();
});

test('where a session was ended the focus stays near', async () => {
  const page = await console.open('/settings/security');
  await (await console.signIn()).context().close();
  const section = page.getByRole('region', { name: 'Sessions' });
  await page.reload();
  await section
    .getByRole('button', { name: /^End the session/ })
    .first()
    .click();
  await page.getByRole('status').filter({ hasText: 'The session has ended.' }).waitFor();
  await section.getByRole('heading', { name: 'Sessions' }).and(page.locator(':focus')).waitFor();
  await page.close();
});

test('an export that is begun and stopped keeps the focus', async () => {
  const page = await console.open('/audit-log');
  await page.route('**/api/v1/audit-events*', (route) =>
    route.request().headers()['accept']?.includes('csv') ? undefined : route.continue(),
  );
  await page.getByRole('button', { name: 'Export' }).press('Enter');
  await page.getByRole('menuitem', { name: /^CSV/ }).press('Enter');
  await page.getByRole('button', { name: /Stop$/ }).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Export' }).and(page.locator(':focus')).waitFor();
  await page.close();
});

test('what was written is kept where who signed in again could not be read at once', async () => {
  const page = await console.signIn();
  await page.goto(ACCOUNTS);
  await page.getByRole('button', { name: 'Add service account' }).first().click();
  const name = dialog(page).getByLabel('Display name');
  await name.fill('kept-all-the-same');
  await page.context().clearCookies();
  const over = page.getByRole('dialog', { name: 'Your session has ended' });
  // By the key: the page may have asked by itself, and be told, before anybody can click.
  await Promise.all([
    page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.status() === 401),
    name.press('Enter'),
  ]);
  await over.waitFor();
  const isMe = (url: URL) => url.pathname === '/api/v1/me';
  let lost = 0;
  await page.route(isMe, async (route) => {
    lost += 1;
    await route.abort();
  });
  await over.getByLabel('E-mail').fill(EMAIL);
  await over.getByRole('textbox', { name: 'Password' }).fill('correct horse battery');
  const asked = lost;
  await over.getByRole('button', { name: 'Sign in', exact: true }).click();
  await over.waitFor({ state: 'hidden' });
  // Tried three times, given up, and asked for once more with everything else.
  await expect.poll(() => lost).toBeGreaterThan(asked + 3);
  await page.unroute(isMe);
  const form = page.getByRole('dialog', { name: 'Add service account' });
  expect(await form.getByLabel('Display name').inputValue()).toBe('kept-all-the-same');
  await form.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByText('kept-all-the-same was created.').waitFor();
  await page.context().close();
});

test('after a restore: a question that is asked again has no old answer, and stays while somebody else decides', async () => {
  const page = await console.open('/');
  let quarantine: string | null = 'releasable';
  await page.route(
    (url) => url.pathname === '/api/v1/organization',
    async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), quarantine } });
    },
  );
  await page.route('**/quarantine/release', (route) => route.abort());
  await page.goto('/settings/organization');
  const release = page.getByRole('button', { name: 'Release tokens' });
  await release.click();
  await dialog(page).getByRole('button', { name: 'Release tokens' }).click();
  await dialog(page).getByRole('alert').waitFor();
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await release.click();
  await dialog(page).getByRole('button', { name: 'Cancel' }).waitFor();
  expect(await dialog(page).getByRole('alert').count()).toBe(0);

  quarantine = null;
  await console.postern.groups.create({ name: 'somebody does something' });
  await page.getByText('Restored from a backup').waitFor({ state: 'detached' });
  await dialog(page).getByRole('button', { name: 'Release tokens' }).click();
  await dialog(page).getByRole('alert').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { level: 1, name: 'Organization' }).and(page.locator(':focus')).waitFor();
  await page.close();
});

test('nothing in all this broke the policy, failed, or went elsewhere', () => {
  expect(console.trouble).toEqual([]);
});
