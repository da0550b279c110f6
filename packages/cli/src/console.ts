import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the web console was built to, the build that is current; undefined where none is. */
export function findConsole(): string | undefined {
  const builds = fileURLToPath(new URL('dist', import.meta.resolve('@postern/console/package.json')));
  try {
    const directory = `${builds}/${readFileSync(`${builds}/current`, 'utf8')}`;
    return existsSync(`${directory}/index.html`) ? directory : undefined;
  } catch {
    return undefined;
  }
}
