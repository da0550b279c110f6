import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../testing/tmp.ts';

/**
 * The lint rules say who may import whom. A rule that cannot fail is worth nothing, so each is broken here, in a copy of
 * the workspace that holds manifests and settings only.
 */
const root = join(import.meta.dirname, '..');
const biome = join(dirname(createRequire(import.meta.url).resolve('@biomejs/biome/package.json')), 'bin/biome');

const direction = 'lint/style/noRestrictedImports';
const undeclared = 'lint/correctness/noUndeclaredDependencies';

const imports = (module: string) => `import * as it from '${module}';\n\nexport const found = it;\n`;

const refused: [path: string, source: string, rule: string][] = [
  ...[
    ...['fastify', 'kysely', 'pg', 'typebox', 'vitest', '@postern/storage', '@postern/server', '@postern/sdk'],
    ...['node:http', 'node:https', 'node:net', 'node:fs', 'node:fs/promises', 'node:sqlite', 'node:process', 'node:os'],
    ...['../../storage/src/index.ts', '../../../packages/server/src/index.ts'],
  ].map((module) => refuse('packages/core/src/probe.ts', module)),
  refuse('packages/core/src/deep/probe.ts', '../../../storage/src/index.ts'),
  ['packages/core/src/probe.ts', `export const load = () => import('kysely');\n`, direction],
  ['packages/core/src/probe.ts', `export * from 'node:http';\n`, direction],
  ['packages/core/src/probe.ts', `import type { Server } from 'node:http';\n\nexport type It = Server;\n`, direction],
  ['packages/core/src/probe.ts', `export const key = process.env.POSTERN_SECRET_KEY;\n`, 'lint/style/noProcessEnv'],
  ['packages/core/src/probe.ts', `export const platform = process.platform;\n`, 'lint/style/noRestrictedGlobals'],
  ['packages/core/src/probe.ts', `export const call = () => fetch('/');\n`, 'lint/style/noRestrictedGlobals'],

  ...['fastify', 'typebox', '@postern/server', '@postern/sdk', 'better-sqlite3', 'node:http', 'node:https'].map(
    (module) => refuse('packages/storage/src/probe.ts', module),
  ),
  refuse('packages/storage/src/probe.ts', '../../core/src/index.ts'),

  ...['@postern/storage', 'kysely', 'pg', 'node:sqlite', '@postern/sdk', '@postern/cli'].map((module) =>
    refuse('packages/server/src/probe.ts', module),
  ),
  refuse('packages/server/src/deep/wire.ts', '@postern/storage'),
  refuse('packages/server/src/wire.ts', 'kysely'),
  refuse('packages/server/src/wire.ts', 'pg'),
  refuse('packages/server/src/wire.ts', '@postern/sdk'),
  refuse('packages/server/src/wire.ts', '../../storage/src/index.ts'),

  ...['@postern/core', '@postern/server', 'fastify', 'jose', '../../core/src/index.ts'].map((module) =>
    refuse('packages/sdk/src/probe.ts', module),
  ),

  ...['@postern/core', '@postern/storage', 'fastify', 'kysely', 'pg', 'node:sqlite', '../../server/src/index.ts'].map(
    (module) => refuse('packages/cli/src/probe.ts', module),
  ),

  ['packages/server/src/probe.ts', imports('autocannon'), undeclared],
  [
    'packages/core/src/probe.ts',
    `import { hash } from 'crypto';\n\nexport const found = hash;\n`,
    'lint/style/useNodejsImportProtocol',
  ],
  [
    'packages/core/src/probe.ts',
    `import { hash } from 'node:crypto';\n\nexport const one = 1;\n`,
    'lint/correctness/noUnusedImports',
  ],
];

const allowed: [path: string, module: string][] = [
  ['packages/core/src/probe.ts', 'node:crypto'],
  ['packages/core/src/probe.ts', './sibling.ts'],
  ['packages/core/src/deep/probe.ts', '../sibling.ts'],
  ['packages/core/src/probe.test.ts', 'vitest'],
  ['packages/core/src/probe.test.ts', 'node:fs'],
  ['packages/storage/src/probe.ts', '@postern/core'],
  ['packages/storage/src/probe.ts', 'kysely'],
  ['packages/storage/src/probe.ts', 'pg'],
  ['packages/storage/src/probe.ts', 'node:sqlite'],
  ['packages/storage/src/probe.ts', 'node:fs/promises'],
  ['packages/storage/src/sqlite/probe.ts', '../sibling.ts'],
  ['packages/server/src/probe.ts', '@postern/core'],
  ['packages/server/src/probe.ts', 'fastify'],
  ['packages/server/src/probe.ts', 'node:http'],
  ['packages/server/src/wire.ts', '@postern/storage'],
  ['packages/server/src/probe.test.ts', '@postern/storage'],
  ['packages/sdk/src/probe.ts', './sibling.ts'],
  ['packages/sdk/src/probe.ts', 'node:http'],
  ['packages/cli/src/probe.ts', '@postern/server'],
  ['packages/cli/src/probe.ts', 'node:fs'],
];

function refuse(path: string, module: string): [string, string, string] {
  return [path, imports(module), direction];
}

type Probe = { path: string; source: string };

/**
 * The lint rules that each probe breaks, in order. Probes are linted many at a time; those that must have the same name
 * take turns.
 */
async function lint(probes: Probe[]): Promise<string[][]> {
  const workspace = await copyWorkspace();
  const waiting = probes.map((probe, index) => ({
    ...probe,
    index,
    path: probe.path.replace('probe', `probe-${index}`),
  }));
  const broken: string[][] = probes.map(() => []);
  while (waiting.length > 0) {
    const turn = new Map<string, (typeof waiting)[number]>();
    for (const probe of waiting) if (!turn.has(probe.path)) turn.set(probe.path, probe);
    for (const probe of turn.values()) {
      waiting.splice(waiting.indexOf(probe), 1);
      await mkdir(dirname(join(workspace, probe.path)), { recursive: true });
      await writeFile(join(workspace, probe.path), probe.source);
    }
    for (const { category, location } of await runBiome(workspace, [...turn.keys()])) {
      const probe = turn.get(location.path);
      if (!probe) throw new Error(`${category} in ${location.path}, which is no probe`);
      broken[probe.index]?.push(category);
    }
    for (const path of turn.keys()) await rm(join(workspace, path));
  }
  return broken;
}

type Diagnostic = { category: string; location: { path: string } };

async function runBiome(workspace: string, paths: string[]): Promise<Diagnostic[]> {
  const flags = ['--vcs-enabled=false', '--error-on-warnings', '--max-diagnostics=none', '--reporter=json'];
  const { stdout } = await promisify(execFile)(process.execPath, [biome, 'lint', ...flags, ...paths], {
    cwd: workspace,
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: { code?: number; stdout: string }) => {
    if (error.code === 1 && error.stdout) return error;
    throw error;
  });
  return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
}

async function copyWorkspace(): Promise<string> {
  const workspace = await tmpDirectory();
  for (const name of ['biome.json', 'package.json']) await cp(join(root, name), join(workspace, name));
  for (const name of await readdir(join(root, 'packages'))) {
    const manifest = join('packages', name, 'package.json');
    await cp(join(root, manifest), join(workspace, manifest));
  }
  return workspace;
}

test('imports in a direction that is not allowed are refused', async () => {
  const broken = await lint(refused.map(([path, source]) => ({ path, source })));
  for (const [index, [path, source, rule]] of refused.entries()) {
    expect(broken[index], `${path}: ${source}`).toContain(rule);
  }
});

test('imports in a direction that is allowed pass', async () => {
  const broken = await lint(allowed.map(([path, module]) => ({ path, source: imports(module) })));
  for (const [index, [path, module]] of allowed.entries()) {
    expect(broken[index], `${path}: ${module}`).toEqual([]);
  }
});
