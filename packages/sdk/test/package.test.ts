import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The package as npm publishes it, installed in an empty folder: no workspace, no sources, no network. */

const packageDirectory = join(import.meta.dirname, '..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

/** Without the workspace's programs: the Node of the machine, which may be an older one. */
const env = {
  ...process.env,
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((directory) => !directory.includes('node_modules'))
    .join(delimiter),
};

const run = async (command: string, args: string[], cwd: string) =>
  (await promisify(execFile)(command, args, { cwd, env })).stdout;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(await realpath(tmpdir()), 'postern-sdk-'));
  const [built, empty] = [join(folder, 'built'), join(folder, 'empty')];
  await Promise.all([mkdir(built), mkdir(empty)]);
  const out = ['--outDir', join(built, 'dist'), '--tsBuildInfoFile', join(built, 'dist/.tsbuildinfo')];
  await run(process.execPath, [tsc, '-p', join(packageDirectory, 'tsconfig.build.json'), ...out], folder);
  await copyFile(join(packageDirectory, 'package.json'), join(built, 'package.json'));
  await run('npm', ['pack', '--pack-destination', folder], built);
  const [archive] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await writeFile(join(empty, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, archive ?? '')], empty);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the installed package', () => {
  test('brings nothing but itself', async () => {
    const modules = join(folder, 'empty/node_modules');
    expect((await readdir(modules)).filter((name) => !name.startsWith('.'))).toEqual(['@postern']);
    const files = await readdir(join(modules, '@postern/sdk'), { recursive: true });
    expect(files).toContain(join('dist', 'index.d.ts'));
    expect(files.filter((name) => name.includes('.test.') || name.includes('tsbuildinfo'))).toEqual([]);
  });

  test('runs from plain JavaScript on the Node of the machine', async () => {
    const program = `
      import { Postern, PosternError, inDays } from '@postern/sdk';
      const token = 'not-printed';
      const postern = new Postern({ url: 'http://127.0.0.1:1', token, maxRetries: 0 });
      try {
        await postern.me();
      } catch (error) {
        console.log(error instanceof PosternError, error.name, error.code);
      }
      try {
        new Postern();
      } catch (error) {
        console.log(error.name, error.code);
      }
      console.log(Date.parse(inDays(1)) > Date.now());
      for (const name of ['express', 'fastify', 'hono']) await import('@postern/sdk/' + name);
      const { withPostern } = await import('@postern/sdk/web');
      const { fakeVerifier } = await import('@postern/sdk/testing');
      const verifier = fakeVerifier({ reader: { permissions: ['orders.read'] } });
      const GET = withPostern(verifier, 'orders.read', () => new Response());
      for (const value of ['reader', 'stranger']) {
        const headers = { authorization: 'Bearer ' + value };
        console.log((await GET(new Request('http://127.0.0.1/', { headers }))).status);
      }
    `;
    await writeFile(join(folder, 'empty/program.js'), program);
    expect(await run('node', ['program.js'], join(folder, 'empty'))).toBe(
      'true ConnectionError client.connection\nSettingsError client.settings\ntrue\n200\n401\n',
    );
  });

  test('has types, in which nothing is any and nothing is of Node', async () => {
    const empty = join(folder, 'empty');
    const program = `
      import { createVerifier, inDays, Postern, type ServiceAccount, type TokenVerdict } from '@postern/sdk';
      import { protect } from '@postern/sdk/express';
      import { protect as onFastify } from '@postern/sdk/fastify';
      import { protect as onHono } from '@postern/sdk/hono';
      import { withPostern } from '@postern/sdk/web';

      const postern = new Postern({ url: 'https://postern.example.com', token: async () => 'x' });

      type IsAny<Type> = 0 extends 1 & Type ? true : false;
      const account: ServiceAccount = await postern.serviceAccounts.create({ displayName: 'ci', organizationRole: 'member' });
      export const created: IsAny<typeof account.createdBy.kind> = false;

      export async function rotate(id: string): Promise<string> {
        const { token, value } = await postern.serviceAccounts.tokens.create(id, { name: 'ci', expiresAt: inDays(90) });
        const refreshed = await postern.serviceAccounts.tokens.refresh(id, token.id, { overlapSeconds: 3_600 });
        for await (const found of postern.serviceAccounts.list({ status: 'active' })) await postern.serviceAccounts.get(found.id);
        const verdict: TokenVerdict = await postern.tokens.verify(value, { permission: 'orders.read' });
        if (!verdict.active) return 'nobody';
        return verdict.principal.displayName + refreshed.value.reveal();
      }

      const verifier = createVerifier({ maxStalenessMs: 2_000 });
      export const guards = [protect(verifier, 'orders.read'), onFastify(verifier, 'orders.read'), onHono(verifier, 'a.b')];
      export const GET = withPostern(verifier, { authenticated: true }, (_request, caller) => Response.json(caller.token.id));
      // @ts-expect-error: a permission, or that none is needed, has to be said
      protect(verifier);

      // @ts-expect-error: there is no such role
      await postern.serviceAccounts.create({ displayName: 'ci', organizationRole: 'owner' });
      // @ts-expect-error: a value is no string, so that it is not printed by mistake
      export const text: string = (await postern.serviceAccounts.tokens.create('sa_1', { name: 'ci' })).value;
    `;
    await writeFile(join(empty, 'program.ts'), program);
    const options = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2022'];
    for (const stricter of [[], ['--exactOptionalPropertyTypes']]) {
      const arguments_ = [...options, ...stricter, '--lib', 'es2022,dom', '--types', '', 'program.ts'];
      await run(process.execPath, [tsc, ...arguments_], empty);
    }
    const declarations = await readdir(join(empty, 'node_modules/@postern/sdk/dist'));
    for (const name of declarations.filter((file) => file.endsWith('.d.ts'))) {
      const text = await readFile(join(empty, 'node_modules/@postern/sdk/dist', name), 'utf8');
      expect(text, name).not.toMatch(/\bany\b(?=[;,)>\]|])|reference types="node"|NodeJS\.|Buffer\b/);
    }
  });
});
