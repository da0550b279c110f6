import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrograms } from './program.ts';
import { tellStory } from './story.ts';

/**
 * `npm run example`: starts Postern, an API that it protects, and a pipeline that calls it, all on this machine, and tells
 * the life of a service account in the terminal. Nothing of it is left afterwards, however it ends.
 */

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const stopping = new AbortController();
const programs = createPrograms(stopping.signal);
const interrupted = new Promise<void>((resolve) => {
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      process.exitCode = code;
      resolve();
    });
  }
});
const directory = await mkdtemp(join(tmpdir(), 'postern-example-'));

try {
  await Promise.race([tellStory(programs, directory), interrupted]);
} finally {
  stopping.abort();
  await programs.ended();
  await rm(directory, { recursive: true, force: true });
}
process.exit();
