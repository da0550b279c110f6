import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty directory, removed with all in it when the test that asked for it has finished. */
export async function tmpDirectory(): Promise<string> {
  const directory = await mkdtemp(join(await realpath(tmpdir()), 'postern-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}
