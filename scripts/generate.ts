import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { writeCommandReference } from '../packages/cli/src/reference.ts';
import { ERRORS } from '../packages/core/src/error.ts';
import { describeApi, writeErrorReference, writeSettingReference } from '../packages/server/src/documentation.ts';
import { type OpenApiDocument, writeSdkTypes } from './sdk-types.ts';

/** Writes the files that are made of the code; with `--check` only says which of them are not up to date. */

const root = join(import.meta.dirname, '..');

/** The content of every generated file, by its path from the root. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const document = await describeApi();
  return new Map([
    ['openapi.json', `${JSON.stringify(document, null, 2)}\n`],
    ['docs/reference/cli.md', writeCommandReference()],
    ['docs/reference/errors.md', writeErrorReference()],
    ['docs/reference/settings.md', writeSettingReference()],
    ['packages/sdk/src/openapi.gen.ts', writeSdkTypes(document as OpenApiDocument, Object.keys(ERRORS))],
  ]);
}

/** The paths of generated files that are not what they would be now. */
export async function findStale(): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, content] of await generate()) {
    const found = await readFile(join(root, path), 'utf8').catch(() => undefined);
    if (found !== content) stale.push(path);
  }
  return stale;
}

if (process.argv[1] !== undefined && relative(process.argv[1], import.meta.filename) === '') {
  if (process.argv.includes('--check')) {
    const stale = await findStale();
    for (const path of stale) process.stderr.write(`${path} is not up to date: npm run generate\n`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    for (const [path, content] of await generate()) await writeFile(join(root, path), content);
  }
}
