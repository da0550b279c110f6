import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IssuedToken, Postern } from '@postern/sdk';
import { type Client, connectToChange } from './client.ts';
import { type CommandInput, type Commands, say, valuesOf } from './command.ts';
import { parseEnd } from './duration.ts';
import { EXIT, usageError } from './exit.ts';
import { findServiceAccount } from './find.ts';
import { CLIENT_FLAGS, RESTRICTION_FLAGS } from './flag.ts';
import { exitCodeOfSignal, type HeldSignals, holdSignals } from './signal.ts';

const DEFAULT_LIFE = '1h';
/** The exit code of a shell, for a command that is not there. */
const NOT_FOUND = 127;

export const RUN_COMMANDS: Commands = {
  run: {
    summary: 'Run a command with a fresh token of a service account, which is deleted at the end',
    details: [
      'The command finds POSTERN_URL and POSTERN_TOKEN in its environment, and nothing of the caller’s own token. Its exit code is passed on.',
      'Signals are handed on, but for those that a terminal sends to the command itself, and the token is deleted when the command has ended; should this process be killed, the token expires by itself.',
    ],
    where: 'client',
    takesCommand: true,
    flags: {
      account: { value: 'account', required: true, names: 'service-account', summary: 'Whom the command acts as' },
      name: { value: 'name', summary: 'The name of the token; that of the command if absent' },
      expires: {
        value: 'when',
        summary: `When it ends at the latest: a duration, or a time; ${DEFAULT_LIFE} if absent`,
      },
      ...RESTRICTION_FLAGS,
      profile: CLIENT_FLAGS['profile'] as NonNullable<(typeof CLIENT_FLAGS)['profile']>,
    },
    run,
  },
};

async function run(input: CommandInput): Promise<void> {
  const [program, ...args] = input.command;
  if (program === undefined) throw usageError('Say the command after `--`.');
  const expiresAt = parseEnd(input.flags['expires'] ?? DEFAULT_LIFE, 'expires', Date.now());
  if (expiresAt === null) throw usageError('--expires: the token of a run must expire.');
  const client = await connectToChange(input);
  // A signal must not end this process before the token has ended.
  const signals = holdSignals();
  const accountId = await findServiceAccount(client.postern, input.flags['account'] ?? '');
  const issued = await makeToken(client.postern, accountId, input, expiresAt);
  try {
    const interrupted = signals.first();
    process.exitCode =
      interrupted === undefined
        ? await runChild(program, args, client, issued, signals)
        : exitCodeOfSignal(interrupted);
  } finally {
    await endToken(client.postern, accountId, issued);
    signals.release();
  }
}

async function makeToken(
  postern: Postern,
  accountId: string,
  input: CommandInput,
  expiresAt: string,
): Promise<IssuedToken> {
  const [permissions, workspaces, networks] = ['permission', 'workspace', 'network'].map((flag) =>
    valuesOf(input, flag),
  );
  const name = input.flags['name'] ?? `run: ${input.command[0]}`.slice(0, 200);
  return postern.serviceAccounts.tokens.create(accountId, {
    name,
    expiresAt,
    ...((permissions ?? workspaces ?? networks) && {
      restrictions: {
        ...(permissions && { permissions: [...permissions] }),
        ...(workspaces && { workspaces: [...workspaces] }),
        ...(networks && { networks: [...networks] }),
      },
    }),
  });
}

/** The exit code, as a shell would have it. */
async function runChild(
  program: string,
  args: readonly string[],
  { url }: Client,
  { value }: IssuedToken,
  signals: HeldSignals,
): Promise<number> {
  const { POSTERN_TOKEN: _token, POSTERN_TOKEN_FILE: _file, POSTERN_PROFILE: _profile, ...inherited } = process.env;
  const child = spawn(program, args, {
    env: { ...inherited, POSTERN_URL: url, POSTERN_TOKEN: value.reveal() },
    stdio: 'inherit',
  });
  signals.handTo(child);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return signal === null ? (code ?? EXIT.failed) : exitCodeOfSignal(signal);
  } catch (error) {
    say(`The command cannot be run (${(error as { code?: string }).code}).`);
    return NOT_FOUND;
  }
}

/** A failure is said, and does not hide how the command ended. */
async function endToken(postern: Postern, accountId: string, { token }: IssuedToken): Promise<void> {
  try {
    await postern.serviceAccounts.tokens.delete(accountId, token.id);
  } catch (error) {
    say(`The token ${token.id} could not be deleted; it expires at ${token.expiresAt}. ${(error as Error).message}`);
    process.exitCode ||= EXIT.failed;
  }
}
