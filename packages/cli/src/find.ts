import type { Postern, Token } from '@postern/sdk';
import { CommandError, EXIT, usageError } from './exit.ts';

/** A name works where an id does: these find the id. All throw CommandError: 5 for none, 2 and the ids for several. */

interface Named {
  readonly id: string;
}

/** How much of a name the server can be asked for. */
const SEARCH_MAX_LENGTH = 100;
/** How long a page can be. */
const PAGE_MAX = 200;

function isId(prefix: string, text: string): boolean {
  return new RegExp(`^${prefix}_[0-9A-Za-z]{26}$`).test(text);
}

export async function findServiceAccount(postern: Postern, text: string): Promise<string> {
  if (isId('sa', text)) return text;
  const found = await matching(
    postern.serviceAccounts.list(searchFor(text)),
    ({ displayName }) => displayName === text,
  );
  return onlyOne(found, 'service account');
}

export async function findMember(postern: Postern, text: string): Promise<string> {
  if (isId('mem', text)) return text;
  const isMeant = (member: { displayName: string; email: string }) =>
    member.displayName === text || member.email === text.toLowerCase();
  return onlyOne(await matching(postern.members.list(searchFor(text)), isMeant), 'member');
}

/** A service account or a member; `me` is whoever asks. */
export async function findPrincipal(postern: Postern, text: string): Promise<string> {
  if (text === 'me') return (await postern.me()).id;
  if (isId('sa', text) || isId('mem', text)) return text;
  if (text.includes('@')) return findMember(postern, text);
  const [accounts, people] = await Promise.all([
    matching(postern.serviceAccounts.list(searchFor(text)), ({ displayName }) => displayName === text),
    matching(postern.members.list(searchFor(text)), ({ displayName }) => displayName === text),
  ]);
  return onlyOne([...accounts, ...people], 'service account or member');
}

export async function findGroup(postern: Postern, text: string): Promise<string> {
  if (isId('grp', text)) return text;
  return onlyOne(await matching(postern.groups.list(searchFor(text)), sameName(text)), 'group');
}

/** The name of a built-in role is its id. */
export async function findRole(postern: Postern, text: string): Promise<string> {
  if (isId('role', text)) return text;
  return onlyOne((await postern.roles.list()).filter(sameName(text)), 'role');
}

/** Whoever gives roles in a workspace need not be allowed to read all that there are. */
export async function findGrantableRole(postern: Postern, workspace: string, text: string): Promise<string> {
  if (isId('role', text)) return text;
  return onlyOne((await postern.workspaces.roles(workspace)).filter(sameName(text)), 'role that you can give there');
}

/** Among those of one owner; or, without `get`, of the organization, which has no address for a token without its owner. */
export async function findToken(
  tokens: {
    list(query: { readonly search?: string; readonly limit?: number }): AsyncIterable<Token>;
    get?(id: string): Promise<Token>;
  },
  text: string,
): Promise<Token> {
  const byId = isId('tok', text);
  if (byId && tokens.get) return await tokens.get(text);
  const found = await matching(
    tokens.list(byId ? { limit: PAGE_MAX } : searchFor(text)),
    ({ id, name }) => (byId ? id : name) === text,
    byId ? 1 : undefined,
  );
  const id = onlyOne(found, 'token');
  return found.find((token) => token.id === id) as Token;
}

function searchFor(text: string): { readonly search: string } {
  if (text === '') throw usageError('A name must not be empty.');
  return { search: text.slice(0, SEARCH_MAX_LENGTH) };
}

function sameName(text: string): (thing: { readonly name: string }) => boolean {
  const wanted = text.normalize('NFKC').toLowerCase();
  return ({ name }) => name.normalize('NFKC').toLowerCase() === wanted;
}

/** More than one is enough to know that there are several; a few of them help to choose. */
const SEVERAL = 10;

async function matching<Item>(
  list: AsyncIterable<Item>,
  isMeant: (item: Item) => boolean,
  most = SEVERAL,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of list) {
    if (isMeant(item) && found.push(item) === most) break;
  }
  return found;
}

function onlyOne(found: readonly Named[], what: string): string {
  const [first, second] = found;
  if (!first) throw new CommandError(`There is no such ${what}.`, EXIT.notFound);
  if (!second) return first.id;
  throw usageError(`Several have that name: ${found.map(({ id }) => id).join(', ')}. Say the id.`);
}
