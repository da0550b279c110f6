import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The console as its sources are now: the tests look at what is served. */
export default function setup(): void {
  const script = fileURLToPath(new URL('../scripts/console.ts', import.meta.url));
  execFileSync(process.execPath, [script], { stdio: 'inherit' });
}
