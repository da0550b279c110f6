import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ScanCounts, scanPath } from '../packages/cli/src/scan-path.ts';
import { encodeTokenValue } from '../packages/core/src/token-value.ts';
import { median } from './machine.ts';

const FILES = 2_000;
const FILE_BYTES = 128 * 1024;
const ROUNDS = 5;

/**
 * How fast `postern scan` reads, in megabytes (10^6 bytes) a second: 2,000 files of text that the machine has in memory, one with
 * a value in it; the median of several times. Throws when the value is not found.
 */
export async function measureScan(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-bench-'));
  try {
    // Code, which mentions the prefix now and then: there the search has to stop and look.
    const code = "export const address = new URL(process.env['POSTERN_URL'] ?? 'http://127.0.0.1:7070');\n".repeat(20);
    const line = `${code}// Values begin with pst_ and are kept elsewhere.\n`;
    const content = line.repeat(Math.ceil(FILE_BYTES / line.length)).slice(0, FILE_BYTES);
    for (let index = 0; index < FILES; index += 1) await writeFile(join(folder, `${index}.ts`), content);
    await writeFile(join(folder, 'leak.env'), `${content}\n${encodeTokenValue(Buffer.alloc(32, 7)).reveal()}\n`);
    const speeds = Array.from({ length: ROUNDS }, () => {
      const counts: ScanCounts = { files: 0, bytes: 0, binary: 0, unreadable: 0 };
      const from = performance.now();
      const found = [...scanPath(folder, counts, false)];
      const seconds = (performance.now() - from) / 1_000;
      if (found.length !== 1) throw new Error(`the scan found ${found.length} values, and there is one`);
      return counts.bytes / 1e6 / seconds;
    });
    return median(speeds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
