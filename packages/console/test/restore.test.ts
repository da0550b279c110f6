import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runPostern } from '../../cli/test/command.ts';
import { commandOf, openConsole, refusalOf, statusOf } from './console.ts';

/** What the first page says after a restore, and what is done about it there. */

test('tokens wait after a restore until an admin releases them, and what was revoked since stays revoked', async () => {
  await using console = await openConsole();
  const { server, postern } = console;
  const { id } = await postern.organization.get();
  const account = await postern.serviceAccounts.create({ displayName: 'nightly-import', organizationRole: 'member' });
  const kept = await postern.serviceAccounts.tokens.create(account.id, { name: 'kept' });
  const revoked = await postern.serviceAccounts.tokens.create(account.id, { name: 'revoked' });
  const operate = async (...args: string[]) => {
    const { code, stderr } = await runPostern(args, server.env as Record<string, string>);
    expect(code, stderr).toBe(0);
  };
  const backup = join(server.data.directory, 'backup');
  await operate('backup', backup);
  await postern.serviceAccounts.tokens.delete(account.id, revoked.token.id);
  expect(await server.stop()).toBe(0);
  await operate('restore', backup);
  await using restored = await server.restart();
  const statuses = async () => [
    await statusOf(console, kept.value.reveal()),
    await statusOf(console, revoked.value.reveal()),
  ];
  expect(await statuses()).toEqual([401, 401]);

  const page = await console.open('/');
  const section = page.getByRole('region', { name: 'Restored from a backup' });
  await section.getByText('stays revoked').waitFor();
  await section.getByRole('button', { name: 'Delete all tokens' }).click();
  const asked = page.getByRole('dialog', { name: 'Delete all tokens?' });
  expect(await asked.getByRole('button', { name: 'Delete all tokens' }).getAttribute('aria-disabled')).toBe('true');
  const shown = [await commandOf(asked)];
  await asked.getByRole('button', { name: 'Cancel' }).click();
  await section.getByRole('button', { name: 'Release tokens' }).click();
  const release = page.getByRole('dialog', { name: 'Release the tokens?' });
  shown.push(await commandOf(release));
  expect(shown).toEqual([`postern quarantine delete-tokens ${id}`, `postern quarantine release ${id}`]);
  expect(shown.map(refusalOf)).toEqual([undefined, undefined]);
  await release.getByRole('button', { name: 'Release tokens' }).click();
  await page.getByText('No token is held back any more.').waitFor();
  await section.waitFor({ state: 'detached' });
  expect(await statuses()).toEqual([200, 401]);

  // Another time, nobody trusts them; the sessions of before have ended, too.
  expect(await restored.stop()).toBe(0);
  await operate('restore', backup);
  await using again = await restored.restart();
  const other = await console.signIn();
  const waiting = other.getByRole('region', { name: 'Restored from a backup' });
  await waiting.getByRole('button', { name: 'Delete all tokens' }).click();
  const deletion = other.getByRole('dialog', { name: 'Delete all tokens?' });
  await deletion.getByLabel('Type delete all tokens to confirm').fill('delete all tokens');
  await deletion.getByRole('button', { name: 'Delete all tokens' }).click();
  await other.getByRole('status').filter({ hasText: 'tokens were deleted.' }).waitFor();
  await waiting.waitFor({ state: 'detached' });
  expect(await statuses()).toEqual([401, 401]);
  expect(console.trouble).toEqual([]);
  expect(again.url).toBe(server.url);
  expect(restored.url).toBe(server.url);
});
