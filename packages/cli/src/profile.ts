import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandError, EXIT, usageError } from './exit.ts';

/** Where a person has signed in to; each profile is a file of its own in `$XDG_CONFIG_HOME/postern`, for its owner alone. */
export interface Profile {
  readonly url: string;
  readonly token: string;
  /** Whose token it was at sign-in, for the line that names the target of a change. */
  readonly account: string;
  readonly organization: string;
}

const DEFAULT_PROFILE = 'default';
const FILE_MAX_BYTES = 16_384;

/** Which profile is meant. Throws CommandError (usage) when it cannot be a file's name. */
export function profileName(flag: string | undefined): string {
  const name = flag ?? (process.env['POSTERN_PROFILE'] || DEFAULT_PROFILE);
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  throw usageError('The name of a profile is made of letters, digits, `.`, `-` and `_`.');
}

/** Undefined where there is none. Throws CommandError when it cannot be read. */
export async function findProfile(name: string): Promise<Profile | undefined> {
  const path = fileOf(name);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') return undefined;
    throw new CommandError(`${path} cannot be read (${code}).`);
  }
  const profile = text.length > FILE_MAX_BYTES ? undefined : parseProfile(text);
  if (profile) return profile;
  throw new CommandError(`${path} is not a profile; \`postern login\` writes it anew.`, EXIT.notSignedIn);
}

/** Written beside it and moved there, so that nobody ever reads half of it. */
export async function writeProfile(name: string, profile: Profile): Promise<void> {
  const path = fileOf(name);
  const draft = `${path}.${randomUUID()}`;
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(profile, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Whether there was one. */
export async function removeProfile(name: string): Promise<boolean> {
  try {
    await rm(fileOf(name));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return false;
    throw error;
  }
}

function fileOf(name: string): string {
  return join(folder(), `${name}.json`);
}

function folder(): string {
  // The XDG base directory specification has relative paths ignored.
  const configured = process.env['XDG_CONFIG_HOME'];
  return join(configured?.startsWith('/') ? configured : join(homedir(), '.config'), 'postern');
}

function parseProfile(text: string): Profile | undefined {
  try {
    const { url, token, account, organization } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url !== 'string' || typeof token !== 'string') return undefined;
    return { url, token, account: textOf(account), organization: textOf(organization) };
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
