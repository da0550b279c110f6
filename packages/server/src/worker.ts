import cluster from 'node:cluster';
import { EXIT_FAILURE } from './start-error.ts';

/** What a worker and the process that started it say to each other. Node's cluster hands the connections round. */

/** The place of a worker among those that are wanted; one that is started for another takes its place. */
export interface Assignment {
  /** Counted from 1. */
  readonly number: number;
  readonly of: number;
  /** Process ids of workers that have ended in bad order, and have not been told of yet. */
  readonly lost: readonly number[];
  /** Nobody has been started before it: what the first start of a server does is for it to do. */
  readonly first: boolean;
}

/** Another one takes requests in its place already, or all end. */
export type EndReason = 'replaced' | 'ending';

export type ToWorker =
  | { readonly kind: 'begin'; readonly assignment: Assignment }
  | { readonly kind: 'end'; readonly reason: EndReason };

/** It takes requests. `link`: by which the first person comes in, if nobody has yet. */
export interface Ready {
  readonly kind: 'ready';
  readonly url: string;
  readonly link: string | null;
}

let endsInOrder = false;

export function isWorker(): boolean {
  return cluster.isWorker;
}

/** Resolves with what this worker is to be. Without the process that started it, it ends: nobody would hand it anything. */
export function becomeWorker(): Promise<Assignment> {
  process.on('disconnect', () => process.exit(EXIT_FAILURE));
  // A terminal, and many a supervisor, signals all processes: it is said to each worker when its time has come.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  return new Promise((resolve) => {
    process.on('message', (message: ToWorker) => {
      if (message.kind === 'begin') resolve(message.assignment);
      // It has taken no request yet, and starting can be broken off at any moment.
      else if (!endsInOrder) process.exit(0);
    });
  });
}

/** For a worker that could not start: nothing keeps it any more, once it has said why. */
export function resign(): void {
  process.removeAllListeners('disconnect');
  process.disconnect?.();
}

export function onEnd(end: (why: EndReason | NodeJS.Signals) => void): void {
  endsInOrder = true;
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'end') end(message.reason);
  });
  process.on('SIGTERM', end);
}

export function sayReady(ready: Omit<Ready, 'kind'>): void {
  process.send?.({ kind: 'ready', ...ready } satisfies Ready);
}
