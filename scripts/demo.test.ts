import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ADMIN } from './demo/names.ts';

/** Two months are lived through before it begins. */
const TIMEOUT_MS = 180_000;
const POLL = { timeout: 30_000 };

describe('npm run demo', { timeout: TIMEOUT_MS }, () => {
  let folder: string;
  let demo: ChildProcess;
  let printed = '';
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-demo-test-'));
    const script = fileURLToPath(new URL('demo.ts', import.meta.url));
    demo = spawn(process.execPath, ['--conditions=postern-src', script], {
      env: { PATH: process.env['PATH'], TMPDIR: folder },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    demo.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    await vi.waitFor(() => expect(printed).toContain('vendor-export 200'), { timeout: TIMEOUT_MS });
    url = /The console +(http:\S+)/.exec(printed)?.[1] ?? '';
  }, TIMEOUT_MS);
  afterAll(async () => {
    demo?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** The line of the clients as it is now. */
  const line = () => printed.trimEnd().split('\n').at(-1) ?? '';

  async function call(method: string, path: string, cookie: string, body?: object): Promise<Response> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { origin: url, cookie, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
    return response;
  }

  test('says where the console is, how to sign in, and how each client is answered', async () => {
    expect(printed).toContain(`Sign in as     ${ADMIN.email}`);
    expect(printed).toContain(ADMIN.password);
    await expect.poll(line, POLL).toBe('nightly-import 200 · jenkins 200 (old value) · vendor-export 200');
  });

  test('who is disabled is answered 401; j moves Jenkins to its new value; Ctrl-C leaves nothing', async () => {
    const { email, password } = ADMIN;
    const signedIn = await call('POST', '/auth/sign-in/email', '', { email, password });
    const cookie = signedIn.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    const found = await call('GET', '/service-accounts?search=vendor-export', cookie);
    const { items } = (await found.json()) as { items: { id: string }[] };
    await call('POST', `/service-accounts/${items[0]?.id}/disable`, cookie);
    await expect.poll(line, POLL).toBe('nightly-import 200 · jenkins 200 (old value) · vendor-export 401');
    demo.stdin?.write('j');
    await expect.poll(line, POLL).toBe('nightly-import 200 · jenkins 200 · vendor-export 401');
    expect(await readdir(folder)).toHaveLength(1);
    demo.kill('SIGINT');
    expect(await once(demo, 'exit')).toEqual([0, null]);
    expect(printed).toContain('its data are gone');
    expect(await readdir(folder)).toEqual([]);
    await expect(fetch(url)).rejects.toThrow();
  });
});
