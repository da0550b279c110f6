import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Puts `postern`, into a folder of the path, as an installation would. */
export async function writePosternCommand(folder: string): Promise<void> {
  const main = join(import.meta.dirname, '../packages/cli/bin/postern.js');
  const script = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
  await writeFile(join(folder, 'postern'), script, { mode: 0o755 });
}
