import { type FileHandle, open, rm } from 'node:fs/promises';
import { CommandError } from './exit.ts';

/** Opens a file that was not there, for its owner alone. Throws CommandError where one is, or none can be made. */
export async function openNewFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new CommandError(code === 'EEXIST' ? `${path} exists already.` : `${path} cannot be written (${code}).`);
  }
}

/** Writes all that comes into a new file. Where it does not come to its end there is no file afterwards. */
export async function writeNewFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await openNewFile(path);
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
    await file.close();
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}
