import type { Postern } from '@postern/sdk';
import { connect } from './client.ts';
import type { Command, NamedThing } from './command.ts';
import { print } from './command.ts';
import { COMMANDS, findCommand, spelledOut } from './command-table.ts';
import type { Flags } from './flag.ts';
import { plain } from './output.ts';

/** How long names may take. */
const PATIENCE_MS = 900;
const NAMES_MAX = 100;

/** What a shell asks for: prints what the last of these words may become, one a line. Silent when it does not know. */
export async function complete(words: readonly string[]): Promise<void> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  if (before.includes('--')) return;
  const found = findCommand(before);
  const candidates = found
    ? await ofCommand(found.command, before.slice(found.name.split(' ').length), current, before)
    : ofNouns(before);
  for (const candidate of new Set(candidates)) {
    if (candidate.startsWith(current) && plain(candidate) === candidate) print(candidate);
  }
  // A server that has not answered yet is not waited for.
  process.exit(0);
}

function ofNouns(before: readonly string[]): string[] {
  const names = Object.keys(COMMANDS);
  if (before.length === 0) return ['sa', ...names.map((name) => name.split(' ')[0] as string)];
  const [noun] = spelledOut(before);
  return names
    .filter((name) => before.length === 1 && name.startsWith(`${noun} `))
    .map((name) => name.split(' ')[1] as string);
}

async function ofCommand(
  { flags = {}, operands = [] }: Command,
  given: readonly string[],
  current: string,
  before: readonly string[],
): Promise<readonly string[]> {
  const flag = flags[given.at(-1)?.replace(/^--/, '') ?? ''];
  const words = operandsAmong(given, flags);
  if (given.at(-1)?.startsWith('--') && flag?.value) {
    const workspace = words[operands.findIndex(({ names }) => names === 'workspace')];
    return flag.choices ?? (await names(flag.names, before, workspace));
  }
  if (current.startsWith('-')) return [...Object.keys(flags).map((name) => `--${name}`), '--help'];
  return names(operands[Math.min(words.length, operands.length - 1)]?.names, before);
}

function operandsAmong(given: readonly string[], flags: Flags): readonly string[] {
  const words: string[] = [];
  for (let index = 0; index < given.length; index += 1) {
    const word = given[index] as string;
    if (!word.startsWith('-')) words.push(word);
    else if (!word.includes('=') && flags[word.slice(2)]?.value) index += 1;
  }
  return words;
}

/** `workspace`: the one that the line names already. */
async function names(
  thing: NamedThing | undefined,
  before: readonly string[],
  workspace?: string,
): Promise<readonly string[]> {
  if (thing === undefined) return [];
  const at = before.indexOf('--profile');
  const profile = at < 0 ? undefined : before[at + 1];
  try {
    const { postern } = await connect(
      { settings: {}, flags: profile === undefined ? {} : { profile }, lists: {}, operands: [], command: [] },
      { timeoutMs: PATIENCE_MS },
    );
    const late = AbortSignal.timeout(PATIENCE_MS);
    return await Promise.race([
      fetchNames(postern, thing, workspace),
      new Promise<readonly string[]>((resolve) => late.addEventListener('abort', () => resolve([]))),
    ]);
  } catch {
    return [];
  }
}

async function fetchNames(
  postern: Postern,
  thing: NamedThing,
  workspace: string | undefined,
): Promise<readonly string[]> {
  const max = NAMES_MAX;
  const accounts = async () =>
    (await postern.serviceAccounts.list().toArray({ max })).map(({ displayName }) => displayName);
  const people = async () => (await postern.members.list().toArray({ max })).map(({ displayName }) => displayName);
  const fetchers: Readonly<Record<NamedThing, () => Promise<readonly string[]>>> = {
    'service-account': accounts,
    member: people,
    principal: async () => (await Promise.all([accounts(), people()])).flat(),
    token: async () => (await postern.tokens.list().toArray({ max })).map(({ name }) => name),
    group: async () => (await postern.groups.list().toArray({ max })).map(({ name }) => name),
    workspace: async () => (await postern.workspaces.list().toArray({ max })).map(({ name }) => name),
    // In a workspace, those that one can give there: whoever gives them need not be allowed to read all that there are.
    role: async () =>
      (await (workspace === undefined ? postern.roles.list() : postern.workspaces.roles(workspace))).map(
        ({ name }) => name,
      ),
    permission: async () => (await postern.permissions.list()).map(({ name }) => name),
  };
  return fetchers[thing]();
}
