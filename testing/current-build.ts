import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of what was built of a package last: what a start takes. */
export function currentBuild(name: 'cli' | 'console'): string {
  const builds = join(import.meta.dirname, '../packages', name, 'dist');
  return join(builds, readFileSync(join(builds, 'current'), 'utf8'));
}
