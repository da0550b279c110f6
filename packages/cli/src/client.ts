import { Postern } from '@postern/sdk';
import { type CommandInput, say } from './command.ts';
import { CommandError, EXIT } from './exit.ts';
import { plain } from './output.ts';
import { findProfile, profileName } from './profile.ts';

const TOKEN_MISSING =
  'POSTERN_URL is set, and no token: set POSTERN_TOKEN or POSTERN_TOKEN_FILE beside it, or sign in with `postern login --url URL`.';

/** A client, and what it is a client of. */
export interface Client {
  readonly postern: Postern;
  readonly url: string;
  /** In words, for the line that names the target of a change. */
  readonly target: string;
}

/**
 * Whom the command talks to: the environment wins over the profile. A profile's token goes to the profile's own address
 * only: POSTERN_URL beside it must name the same one. Throws CommandError (not signed in); nothing is sent yet.
 */
export async function connect(input: CommandInput, options: { readonly timeoutMs?: number } = {}): Promise<Client> {
  const environment = process.env;
  const hasToken = Boolean(environment['POSTERN_TOKEN'] || environment['POSTERN_TOKEN_FILE']);
  const name = profileName(input.flags['profile']);
  const profile = hasToken && environment['POSTERN_URL'] ? undefined : await findProfile(name);
  const url = environment['POSTERN_URL'] || profile?.url;
  if (url === undefined) throw notSignedIn(input.flags['profile'] === undefined ? undefined : name);
  const settings = { url, warn: say, ...options };
  if (hasToken) {
    if (input.flags['profile'] !== undefined) say('--profile is not used: POSTERN_TOKEN or POSTERN_TOKEN_FILE is set.');
    return { postern: new Postern(settings), url, target: `${plain(url)} with the environment’s token` };
  }
  if (!profile) {
    const named = input.flags['profile'] !== undefined || environment['POSTERN_PROFILE'];
    throw named ? notSignedIn(name) : new CommandError(TOKEN_MISSING, EXIT.notSignedIn);
  }
  if (trimmed(url) !== trimmed(profile.url)) {
    throw new CommandError(
      `POSTERN_URL is another address than the profile ${name} signed in at: set POSTERN_TOKEN beside it, or unset it.`,
      EXIT.notSignedIn,
    );
  }
  const who = [profile.account, profile.organization].filter((part) => part !== '').map(plain);
  return {
    postern: new Postern({ ...settings, token: profile.token }),
    url,
    target: `${plain(url)} as ${who.join(' of ')} (profile ${name})`,
  };
}

/** A client for a change: its target is named on stderr first. */
export async function connectToChange(input: CommandInput): Promise<Client> {
  const client = await connect(input);
  say(`On ${client.target}:`);
  return client;
}

/** Where Postern is, for calls that need no token. Throws CommandError (not signed in). */
export async function findUrl(input: CommandInput): Promise<string> {
  const url =
    input.flags['url'] ?? process.env['POSTERN_URL'] ?? (await findProfile(profileName(input.flags['profile'])))?.url;
  if (url === undefined) throw notSignedIn(undefined);
  return url;
}

function notSignedIn(profile: string | undefined): CommandError {
  const what = profile === undefined ? 'Not signed in.' : `There is no profile ${profile}.`;
  return new CommandError(
    `${what} \`postern login --url URL\` signs in; or set POSTERN_URL and POSTERN_TOKEN.`,
    EXIT.notSignedIn,
  );
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
