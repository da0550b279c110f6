import {
  Conflict,
  ConnectionError,
  InvalidRequest,
  NotFound,
  PermissionDenied,
  PosternError,
  PreconditionFailed,
  ServerError,
  SettingsError,
  Unauthenticated,
} from '@postern/sdk';

/** How `postern` ends. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notSignedIn: 3,
  notAllowed: 4,
  notFound: 5,
  conflict: 6,
  unreachable: 7,
  /** The question was answered, with no: `check` denied, `scan` found something. */
  no: 10,
} as const;

/** What each of them means, for help and reference. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.done]: 'done',
  [EXIT.failed]: 'failed',
  [EXIT.usage]: 'wrong usage, or a name that several things have',
  [EXIT.notSignedIn]: 'not signed in, or the token is not valid',
  [EXIT.notAllowed]: 'not allowed',
  [EXIT.notFound]: 'there is no such thing',
  [EXIT.conflict]: 'the state of things does not allow it',
  [EXIT.unreachable]: 'Postern cannot be reached',
  [EXIT.no]: 'the answer is no: `check` denied, `scan` or `token list --fail` found something',
  78: 'the settings of the server cannot work (operator’s commands)',
};

/** Why a command ends, in sentences for whoever typed it. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

export function usageError(sentence: string): CommandError {
  return new CommandError(sentence, EXIT.usage);
}

/** The exit code of what a call failed with. */
function exitCodeOf(error: PosternError): number {
  if (error instanceof SettingsError || error instanceof Unauthenticated) return EXIT.notSignedIn;
  if (error instanceof PermissionDenied) return EXIT.notAllowed;
  if (error.code === 'client.unexpected_answer' || error instanceof ConnectionError) return EXIT.unreachable;
  if (error instanceof NotFound) return EXIT.notFound;
  if (error instanceof Conflict || error instanceof PreconditionFailed) return EXIT.conflict;
  if (error instanceof InvalidRequest) return EXIT.usage;
  return error instanceof ServerError && error.status === 503 ? EXIT.unreachable : EXIT.failed;
}

/** What a failure is written as on stderr: sentences, or with `--json` the problem document. */
export function explain(error: unknown, asJson: boolean): { readonly text: string; readonly exitCode: number } {
  if (error instanceof PosternError) {
    const { code, status, message: title, detail, errors, requestId } = error;
    const exitCode = exitCodeOf(error);
    if (asJson) return { text: JSON.stringify({ code, status, title, detail, errors, requestId }), exitCode };
    const hint = error instanceof Unauthenticated ? ['`postern login --url URL` signs in.'] : [];
    const where = requestId === null || title.includes(requestId) ? [] : [`Request ${requestId}.`];
    return { text: [title, ...hint, ...where].join('\n'), exitCode };
  }
  const { message, exitCode = EXIT.failed } = error as Partial<CommandError> & Error;
  if (asJson) return { text: JSON.stringify({ code: 'client.command', status: null, title: message }), exitCode };
  return { text: message, exitCode };
}
