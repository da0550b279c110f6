import { AsyncLocalStorage } from 'node:async_hooks';

export interface TouchedSession {
  readonly id: string;
  readonly userId: string;
}

/** What one call of the library did to the database, whatever the library says of it. */
export interface Call {
  readonly made: TouchedSession[];
  readonly ended: TouchedSession[];
  /** Whether sessions were ended together. */
  endedTogether: boolean;
  /** Whom it was about, as far as it was found out. */
  userId: string | null;
  /** The first statement that failed. */
  failure: unknown;
}

const current = new AsyncLocalStorage<Call>();

/** The call that runs here; undefined outside of calls. */
export function currentCall(): Call | undefined {
  return current.getStore();
}

/** Runs the library. Throws the error of a statement that failed, even where the library went on without it. */
export async function inCall<Value>(run: () => Promise<Value>): Promise<{ value: Value; call: Call }> {
  const call: Call = { made: [], ended: [], endedTogether: false, userId: null, failure: undefined };
  try {
    const value = await current.run(call, run);
    if (call.failure !== undefined) throw call.failure;
    return { value, call };
  } catch (error) {
    throw call.failure ?? error;
  }
}

/** The session that the call leaves behind, and whether it stands for one that was ended. */
export function leftSession({ made, ended, endedTogether }: Call): { session?: TouchedSession; replaces: boolean } {
  const session = made.findLast(({ id }) => !ended.some((other) => other.id === id));
  const replaces = endedTogether || ended.some(({ id }) => !made.some((other) => other.id === id));
  return session ? { session, replaces } : { replaces };
}
