import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The console and the program as their sources are now: the tests look at what is served, and start what is run. */
export default function setup(): void {
  const script = fileURLToPath(new URL('../scripts/current.ts', import.meta.url));
  execFileSync(process.execPath, [script], { stdio: 'inherit' });
}
