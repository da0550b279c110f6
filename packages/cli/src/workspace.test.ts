import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { mintTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { runPostern, servePostern } from '../test/command.ts';

/** A test starts many processes, one after the other. */
const TIMEOUT_MS = 120_000;

test('who manages a workspace, and no more, gives roles in it by their names', { timeout: TIMEOUT_MS }, async () => {
  const home = await tmpDirectory();
  const admin = mintTokenValue(randomBytes).reveal();
  const server = await servePostern({ POSTERN_DATA_DIR: join(home, 'data'), POSTERN_ADMIN_TOKEN: admin });
  const runAs = (token: string, ...args: string[]) =>
    runPostern(args, { XDG_CONFIG_HOME: home, POSTERN_URL: server.url, POSTERN_TOKEN: token });
  async function doneAs(token: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runAs(token, ...args);
    expect(code, stderr).toBe(0);
    return stdout.trimEnd();
  }
  try {
    await doneAs(admin, 'workspace', 'create', 'shop');
    const role = await doneAs(admin, 'role', 'create', 'Runner', '--permission', 'workspace.run');
    const held = ['workspace.read', 'workspace_member.read', 'workspace_member.update'];
    const permissions = held.flatMap((name) => ['--permission', name]);
    const keeper = await doneAs(admin, 'role', 'create', 'Keeper', ...permissions);
    const other = await doneAs(admin, 'sa', 'create', 'other');
    const another = await doneAs(admin, 'sa', 'create', 'another');
    await doneAs(admin, 'sa', 'create', 'deputy');
    const token = await doneAs(admin, 'token', 'create', 'ci', '--account', 'deputy', '--expires', '1h');
    const run = (...args: string[]) => runAs(token, 'workspace', ...args);

    await doneAs(admin, 'workspace', 'grant', 'shop', 'deputy', '--role', 'manager');
    expect((await runAs(token, 'role', 'list')).code).toBe(4);
    const rows = (await doneAs(token, 'workspace', 'roles', 'shop')).split('\n').map((row) => row.split('\t'));
    expect(rows.map(([, name]) => name)).toEqual(['viewer', 'member', 'manager', 'Keeper', 'Runner']);
    expect(rows.at(-1)).toEqual([role, 'Runner', 'false', 'workspace.run']);
    expect((await run('grant', 'shop', other, '--role', 'runner')).stdout).toContain('role\tRunner\n');

    await doneAs(admin, 'workspace', 'grant', 'shop', 'deputy', '--role', 'Keeper');
    const given = await doneAs(admin, 'audit', 'list', '--principal', 'deputy', '--action', 'workspace_member.set');
    expect(given.split('\n').map((line) => line.split('\t').slice(6, 8))).toEqual([
      ['Keeper', 'deputy'],
      // Given by it.
      ['Runner', 'other'],
      ['manager', 'deputy'],
    ]);
    const listed = JSON.parse(await doneAs(token, 'workspace', 'roles', 'shop', '--json'));
    expect(listed.map(({ id }: { id: string }) => id)).toEqual(['viewer', keeper]);
    const complete = async (as: string, ...words: string[]) =>
      (await doneAs(as, '__complete', 'workspace', 'grant', ...words)).split('\n');
    expect(await complete(token, 'shop', 'another', '--role', '')).toEqual(['viewer', 'Keeper']);
    expect(await complete(token, '--group', 'crew', 'shop', '--role', 'K')).toEqual(['Keeper']);
    // Before there is a workspace: all roles, for whoever may read them.
    expect(await complete(admin, '--role', 'R')).toEqual(['Runner']);
    expect(await complete(token, '--role', '')).toEqual(['']);
    const unlisted = await run('grant', 'shop', another, '--role', 'Runner');
    expect([unlisted.code, unlisted.stderr]).toEqual([5, expect.stringContaining('no such role that you can give')]);
    // By its id, the server says what is missing.
    const refused = await run('grant', 'shop', another, '--role', role);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('workspace.run')]);
    expect((await run('roles', 'nowhere')).code).toBe(5);
  } finally {
    await server.end();
  }
});
