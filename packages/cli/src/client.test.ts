import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { mintTokenValue } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findMissing } from '../../../testing/transcript.ts';
import { type Ended, MAIN, runPostern, type Serving, servePostern } from '../test/command.ts';
import { PASSWORD } from '../test/set-up.ts';

/** The `script` of util-linux gives a program a terminal. */
const noTerminal = process.platform !== 'linux' || findMissing(['script']).length > 0;

/** A test starts many processes, one after the other. */
const TIMEOUT_MS = 180_000;

describe('postern as a person and a pipeline use it', { timeout: TIMEOUT_MS }, () => {
  let server: Serving;
  let home: string;
  let token: string;
  let variables: Record<string, string>;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'postern-cli-'));
    token = mintTokenValue(randomBytes).reveal();
    server = await servePostern({ POSTERN_DATA_DIR: join(home, 'data'), POSTERN_ADMIN_TOKEN: token });
    variables = { XDG_CONFIG_HOME: home, POSTERN_URL: server.url, POSTERN_TOKEN: token };
  }, TIMEOUT_MS);
  afterAll(async () => {
    await server?.end();
    await rm(home, { recursive: true, force: true });
  });

  const postern = (...args: string[]): Promise<Ended> => runPostern(args, variables);
  async function done(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await postern(...args);
    expect(code, stderr).toBe(0);
    return stdout.trimEnd();
  }

  test('login keeps a profile for its owner alone; the address of a profile gets no other’s token', async () => {
    const bare = { XDG_CONFIG_HOME: home };
    const before = await runPostern(['whoami', '--json'], bare);
    expect([before.code, before.stdout, JSON.parse(before.stderr).status]).toEqual([3, '', null]);
    const login = await runWithInput(['login', '--url', server.url], bare, `${token}\n`);
    expect([login.code, login.stdout, login.stderr.includes(token)]).toEqual([0, '', false]);
    const file = join(home, 'postern', 'default.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ url: server.url, token });
    const me = await runPostern(['whoami'], bare);
    expect([me.code, me.stdout.split('\n')[1]]).toEqual([0, 'name\tbootstrap']);
    const elsewhere = await runPostern(['whoami'], { ...bare, POSTERN_URL: 'http://127.0.0.1:9' });
    expect([elsewhere.code, elsewhere.stdout]).toEqual([3, '']);
    const away = await runPostern(['whoami'], { ...variables, POSTERN_URL: 'http://127.0.0.1:9' });
    expect([away.code, away.stdout]).toEqual([7, '']);
  });

  test('the audit log is written to a new file, and all tokens of an account are deleted at once', async () => {
    const account = await done('sa', 'create', 'many-tokens');
    for (const name of ['one', 'two']) await done('token', 'create', name, '--account', account, '--expires', 'never');
    expect((await postern('token', 'delete', '--all')).code).toBe(2);
    expect(await done('token', 'delete', '--all', '--account', 'many-tokens', '--yes')).toBe('2');
    const file = join(home, 'audit.csv');
    await done('audit', 'export', '--target', account, '--out', file);
    const rows = (await readFile(file, 'utf8')).trimEnd().split('\r\n');
    expect([rows.length > 2, rows[0]?.startsWith('id,at,action'), (await stat(file)).mode & 0o777]).toEqual([
      true,
      true,
      0o600,
    ]);
    expect((await postern('audit', 'export', '--out', file)).code).toBe(1);
    const concerning = (await done('audit', 'list', '--principal', 'many-tokens')).split('\n');
    const actions = concerning.map((line) => line.split('\t')[1]);
    expect(actions).toEqual(['token.delete_all', 'token.create', 'token.create', 'service_account.create']);
    const lines = (await done('audit', 'export', '--format', 'ndjson', '--action', 'token.delete_all')).split('\n');
    expect(lines.map((line) => JSON.parse(line).action)).toEqual(['token.delete_all']);
    const never = join(home, 'never.csv');
    const refused = await runPostern(['audit', 'export', '--out', never], {
      ...variables,
      POSTERN_URL: 'http://127.0.0.1:9',
    });
    expect([refused.code, await stat(never).catch(() => 'no file')]).toEqual([7, 'no file']);
  });

  test('names work where ids do; ambiguous ones are 2 with the ids; unknown ones 5', async () => {
    const first = await done('sa', 'create', 'deploy');
    expect((await done('sa', 'show', 'deploy')).split('\n')[0]).toBe(`id\t${first}`);
    const second = await done('sa', 'create', 'deploy');
    const ambiguous = await postern('sa', 'show', 'deploy');
    expect([ambiguous.code, ambiguous.stdout]).toEqual([2, '']);
    for (const id of [first, second]) expect(ambiguous.stderr).toContain(id);
    expect((await postern('sa', 'show', 'nobody')).code).toBe(5);
    const kept = await postern('sa', 'delete', second);
    expect([kept.code, kept.stderr.includes('--yes')]).toEqual([2, true]);
    expect((await postern('sa', 'delete', second, '--dry-run')).code).toBe(0);
    expect((await done('sa', 'list', '--search', 'deploy')).split('\n')).toHaveLength(2);
    await done('sa', 'delete', second, '--yes');
    expect(await done('sa', 'show', 'deploy')).toContain(first);
  });

  test('a person manages tokens of their own with --own', async () => {
    const own = { ...variables, POSTERN_TOKEN: await ownTokenOf('bob@example.com') };
    const mine = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runPostern(['token', ...args], own);
      expect(code, stderr).toBe(0);
      return stdout.trimEnd();
    };
    const made = await mine('create', 'laptop', '--own', '--expires', '1h');
    expect(await mine('show', 'laptop', '--own')).toContain(made.slice(-10, -6));
    expect(await mine('refresh', 'laptop', '--own', '--overlap', '1h')).toMatch(/^pst_\w{49}$/);
    expect(await mine('list', '--own')).toContain('laptop');
    await mine('end-overlap', 'laptop', '--own', '--yes');
    expect((await runPostern(['whoami'], { ...variables, POSTERN_TOKEN: made })).code).toBe(3);
    await mine('delete', 'laptop', '--own', '--yes');
    expect(await mine('list', '--own')).not.toContain('laptop');
    expect((await postern('token', 'list', '--own')).code).toBe(4);
    for (const whose of [[], ['--own', '--account', 'robot']]) {
      expect((await postern('token', 'create', 'x', '--expires', '1h', ...whose)).code).toBe(2);
    }
  });

  /** A token of a person who has joined. */
  async function ownTokenOf(email: string): Promise<string> {
    const link = (await done('member', 'create', email)).split('\t')[1] ?? '';
    const send = async (path: string, body: object, cookie = ''): Promise<Response> => {
      const headers = { 'content-type': 'application/json', origin: server.url, ...(cookie && { cookie }) };
      const answer = await fetch(`${server.url}/api/v1/${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      expect(answer.ok, path).toBe(true);
      return answer;
    };
    await send('invitations/accept', { invitation: new URL(link).hash.slice(1), name: 'Bob', password: PASSWORD });
    const signedIn = await send('auth/sign-in/email', { email, password: PASSWORD });
    const cookie = signedIn.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    const issued = (await (await send('me/tokens', { name: 'terminal' }, cookie)).json()) as { value: string };
    return issued.value;
  }

  test('a role holds all permissions that are said, and none only where that is said', async () => {
    const role = await done('role', 'create', 'reader', '--permission', 'workspace.read,workspace.run');
    const held = async (...args: string[]): Promise<unknown> =>
      JSON.parse(await done('role', 'edit', role, ...args, '--json')).permissions;
    expect(await held('--name', 'looker')).toEqual(['workspace.read', 'workspace.run']);
    expect(await held('--permission', 'workspace.run', '--permission', 'workspace_member.read')).toEqual([
      'workspace.run',
      'workspace_member.read',
    ]);
    expect(await held('--without-permissions')).toEqual([]);
    await done('role', 'delete', role, '--yes');
  });

  test('the token policy is set as a whole, once it was said what it would touch', async () => {
    const policy = ['organization', 'set-token-policy', '--max-lifetime', '90d', '--require-expiry'];
    expect((await postern(...policy)).code).toBe(2);
    const tried = await postern(...policy, '--dry-run');
    expect([tried.code, tried.stdout]).toEqual([0, '']);
    expect(tried.stderr).toMatch(/\d+ tokens that work now would stop working/);
    const before = await done('organization', 'show', '--json');
    expect(JSON.parse(before).tokenPolicy.requireExpiry).toBe(false);
    const group = await done('group', 'create', 'allowed');
    const set = ['organization', 'set-token-policy', '--group', 'allowed', '--dry-run'];
    expect((await postern(...set)).code).toBe(0);
    // A comma is a part of the name.
    const named = await done('group', 'create', 'Ops, EU');
    expect((await postern(...set, '--group', 'Ops, EU')).code).toBe(0);
    await done('group', 'delete', named, '--yes');
    expect((await postern(...set, '--creation', 'nobody')).code).toBe(2);
    expect((await postern('organization', 'set-token-policy', '--max-lifetime', '36h', '--yes')).code).toBe(2);
    await done('organization', 'set-token-policy', '--max-lifetime', '400d', '--yes');
    expect(JSON.parse(await done('organization', 'show', '--json')).tokenPolicy).toEqual({
      creation: 'everyone',
      maxLifetimeDays: 400,
      requireExpiry: false,
    });
    await done('organization', 'set-token-policy', '--yes');
    expect(JSON.parse(await done('organization', 'show', '--json'))).toEqual(JSON.parse(before));
    await done('group', 'delete', group, '--yes');
  });

  test('a value comes alone on stdout, goes to a new file, or to a command whose failure leaves nothing behind', async () => {
    await done('sa', 'create', 'robot');
    const create = ['token', 'create', 'ci', '--account', 'robot', '--expires', '90d'];
    const made = await postern(...create);
    expect([made.code, made.stdout.trim()]).toEqual([0, expect.stringMatching(/^pst_\w{49}$/)]);
    const file = join(home, 'value');
    await done('token', 'create', 'file', '--account', 'robot', '--expires', '1h', '--out', file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toMatch(/^pst_\w{49}\n$/);
    const again = await postern('token', 'create', 'again', '--account', 'robot', '--expires', '1h', '--out', file);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    const failed = await postern(
      'token',
      'create',
      'piped',
      '--account',
      'robot',
      '--expires',
      '1h',
      '--pipe',
      'exit 3',
    );
    expect([failed.code, failed.stdout]).toEqual([1, '']);
    const rows = await done('token', 'list', '--account', 'robot');
    expect(rows.split('\n').map((row) => row.split('\t')[2])).toEqual(['ci', 'file']);
    const kept = join(home, 'kept');
    await done('token', 'refresh', 'ci', '--overlap', '1h', '--pipe', `cat > ${kept}`);
    const fresh = await readFile(kept, 'utf8');
    for (const value of [made.stdout.trim(), fresh]) {
      expect((await runPostern(['whoami'], { ...variables, POSTERN_TOKEN: value })).code).toBe(0);
    }
    const caller = await postern('token', 'list', '--expiring', '100d', '--fail', '--json');
    expect([caller.code, JSON.parse(caller.stdout).length]).toEqual([10, 2]);
    await done('token', 'end-overlap', 'ci', '--yes');
    expect((await runPostern(['whoami'], { ...variables, POSTERN_TOKEN: made.stdout.trim() })).code).toBe(3);
    const mine = { ...variables, POSTERN_TOKEN: fresh };
    expect((await runPostern(['sa', 'list'], mine)).code).toBe(4);
    const denied = await runPostern(['check', 'robot', 'token.create'], variables);
    expect([denied.code, denied.stdout]).toEqual([
      10,
      expect.stringMatching(/^denied\nmissing\ttoken\.create in the /),
    ]);
  });

  test('`run` gives a token that is gone afterwards, also when a signal ends it', async () => {
    await done('sa', 'create', 'runner');
    const script = 'test "$POSTERN_URL" && printf %s "$POSTERN_TOKEN"; exit 5';
    const ran = await postern('run', '--account', 'runner', '--', 'sh', '-c', script);
    expect([ran.code, ran.stdout]).toEqual([5, expect.stringMatching(/^pst_\w{49}$/)]);
    expect(ran.stdout).not.toBe(token);
    expect((await runPostern(['whoami'], { ...variables, POSTERN_TOKEN: ran.stdout })).code).toBe(3);
    const child = start(
      ['run', '--account', 'runner', '--', 'sh', '-c', 'echo $POSTERN_TOKEN; exec sleep 600'],
      variables,
    );
    const value = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk) => resolve(`${chunk}`.trim())),
    );
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).toBe(143);
    expect((await runPostern(['whoami'], { ...variables, POSTERN_TOKEN: value })).code).toBe(3);
    expect((await postern('run', '--account', 'runner', '--', join(home, 'nothing'))).code).toBe(127);
    const settings = await done('run', '--account', 'runner', '--', 'env');
    expect(settings).not.toMatch(/^NODE_/m);
    expect(await done('token', 'list', '--account', 'runner')).toBe('');
  });

  test.skipIf(noTerminal)('`run` on a terminal lets one Ctrl-C be one for the command', async () => {
    await done('sa', 'create', 'sitter');
    const counting = join(home, 'counting.cjs');
    // What comes twice comes within the second that it waits.
    await writeFile(
      counting,
      `let count = 0;
       process.on('SIGINT', () => { if (++count === 1) setTimeout(() => { console.log('got', count); process.exit(7); }, 1000); });
       setInterval(() => undefined, 1000);
       console.log('ready');`,
    );
    const command = [
      'exec',
      process.execPath,
      MAIN,
      'run',
      '--account',
      'sitter',
      '--',
      process.execPath,
      counting,
    ].join(' ');
    const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { PATH: process.env.PATH, ...variables },
    });
    let shown = '';
    terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (!shown.includes('ready') && (shown + chunk).includes('ready')) terminal.stdin.write('\u0003');
      shown += chunk;
    });
    expect([(await once(terminal, 'close'))[0], shown]).toEqual([7, expect.stringContaining('got 1')]);
    expect(await done('token', 'list', '--account', 'sitter')).toBe('');
  });

  test('`scan` says where values stand and which are alive, never which; a reported one ends', async () => {
    await done('sa', 'create', 'leaky');
    const value = await done('token', 'create', 'leak', '--account', 'leaky', '--expires', '1h');
    await writeFile(join(home, 'config.env'), `A=1\nTOKEN=${value}\n`);
    const alive = await postern('scan', join(home, 'config.env'));
    expect([alive.code, alive.stdout]).toEqual([
      10,
      expect.stringMatching(/config\.env:2\t….{4}\talive\tleak of leaky\n$/),
    ]);
    expect(alive.stdout + alive.stderr).not.toContain(value.slice(4, 20));
    const bare = { XDG_CONFIG_HOME: join(home, 'nothing') };
    expect((await runWithInput(['report-leak', '--url', server.url], bare, value)).code).toBe(0);
    const dead = await runWithInput(['scan', '-', '--json'], variables, `\n\n${value}`);
    expect([dead.code, JSON.parse(dead.stdout)]).toMatchObject([10, [{ file: '-', line: 3, state: 'not alive' }]]);
    expect((await runWithInput(['scan', '-'], bare, value.replace(/.$/, '*'))).code).toBe(0);
  });

  test('completion knows commands, flags and names, and is silent where nothing answers', async () => {
    expect((await postern('__complete', 'sa', 'di')).stdout).toBe('disable\n');
    // Whoever presses Tab does not wait long: where the answer is late, nothing is said.
    await expect.poll(async () => (await postern('__complete', 'sa', 'show', 'lea')).stdout).toBe('leaky\n');
    expect((await postern('__complete', 'token', 'create', '--ex')).stdout).toBe('--expires\n');
    const away = await runPostern(['__complete', 'sa', 'show', ''], {
      ...variables,
      POSTERN_URL: 'http://127.0.0.1:9',
    });
    expect(away).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const node = [MAIN, ...args];
  return spawn(process.execPath, node, { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
}

async function runWithInput(args: readonly string[], env: Readonly<Record<string, string>>, input: string) {
  const child = start(args, env);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}
