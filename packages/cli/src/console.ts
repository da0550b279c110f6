import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the web console was built to; undefined where it was not. */
export function findConsole(): string | undefined {
  const directory = fileURLToPath(new URL('dist', import.meta.resolve('@postern/console/package.json')));
  return existsSync(`${directory}/index.html`) ? directory : undefined;
}
