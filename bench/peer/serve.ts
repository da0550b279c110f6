import { writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What programs here have in common: so many tokens, whose values go to a file, and one line with the address once it listens. */

export const VALUES = 1_000;
export const CLIENT = { id: 'bench', secret: 'bench-secret-of-the-client' } as const;

export function servePeer(server: Server, values: readonly string[]): void {
  writeFileSync(process.env['BENCH_VALUES'] ?? '/dev/null', values.map((value) => `${value}\n`).join(''), {
    mode: 0o600,
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  });
  // It ends with whoever started it.
  process.stdin.resume().once('end', () => process.exit(0));
}
