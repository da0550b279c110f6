/** sysexits.h: something was found unconfigured or misconfigured. */
export const EXIT_CONFIG = 78;
export const EXIT_FAILURE = 1;
/** A command was asked for what it does not understand. */
export const EXIT_USAGE = 2;

/** Why the process cannot start, in sentences for the operator. */
export class StartError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_FAILURE) {
    super(message);
    this.name = 'StartError';
    this.exitCode = exitCode;
  }
}

/** The database is to be started on before anything else can be done with it. */
export class DatabaseOutdated extends StartError {}
