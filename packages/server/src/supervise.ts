import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { announce } from './announce.ts';
import { createLog } from './log.ts';
import { createLogBuffer } from './log-buffer.ts';
import { crashLoudly, endOnSignal } from './process-end.ts';
import { loadSecretKeys } from './secret-key.ts';
import type { Settings } from './setting.ts';
import { StartError } from './start-error.ts';
import { lockDatabase, prepareDatabase } from './wire.ts';
import type { EndReason, Ready, ToWorker } from './worker.ts';

const STDERR = 2;
/** Until a worker that ended is replaced: doubled each time, and from the start again once one has lived for a while. */
const BACK_OFF_MS = { first: 100, most: 10_000, forgottenAfter: 30_000 } as const;
/** A worker that was told to end and did not is killed. Its own limit is 10 s. */
const KILL_AFTER_MS = 12_000;

export interface SuperviseOptions {
  /** The settings as they are now; throws StartError where they are wrong. */
  readonly readSettings: () => Settings;
}

/**
 * Starts the workers, has the data directory on their behalf, and replaces those that end. Resolves when all take requests.
 * SIGHUP replaces one after the other, each after the new one takes requests. Throws StartError.
 */
export async function supervise(settings: Settings, { readSettings }: SuperviseOptions): Promise<void> {
  const buffer = createLogBuffer(STDERR, { shared: true });
  const { logger } = createLog(settings.logLevel, buffer);
  crashLoudly(logger, buffer);
  let replaceAll = (): void => undefined;
  // Before all have started there is nothing to replace, but it must not end the process.
  process.on('SIGHUP', () => {
    if (mayReplace(settings, readSettings, logger)) replaceAll();
  });
  await using opening = new AsyncDisposableStack();
  opening.defer(await lockDatabase(settings));
  // A new data directory gets its key before its database.
  loadSecretKeys(settings, randomBytes);
  await prepareDatabase(settings);
  const pool = createPool(settings.workers, logger);
  opening.defer(pool.end);
  const { url, link } = await pool.start();
  const open = opening.move();
  endOnSignal({
    async end() {
      await open.disposeAsync();
      logger.info('stopped');
      await buffer.flush();
    },
    logger,
    buffer,
  });
  ({ replaceAll } = pool);
  announce(url, link);
}

/** What the supervisor and all workers must agree on cannot change one by one. */
function mayReplace(settings: Settings, read: () => Settings, logger: Logger): boolean {
  try {
    const now = read();
    const fixed = (['host', 'port', 'dataDir', 'databaseUrl', 'workers'] as const).filter(
      (name) => !isDeepStrictEqual(now[name], settings[name]),
    );
    if (fixed.length === 0) return true;
    logger.error({ settings: fixed }, 'these settings are changed by a restart only; nothing was replaced');
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    logger.error({ internal: error.message }, 'the settings are wrong; nothing was replaced');
  }
  return false;
}

interface Pool {
  /** Rejects with StartError when the first ones cannot start. */
  start(): Promise<Ready>;
  replaceAll(): void;
  end(): Promise<void>;
}

function createPool(size: number, logger: Logger): Pool {
  /** Who has each place. */
  const holders = new Map<number, Worker>();
  const failures = new Map<number, number>();
  const turns = new Map<number, Promise<unknown>>();
  /** Process ids of those that have ended in bad order, until one that was told of them takes requests. */
  const lost = new Set<number>();
  let ending = false;
  let replacing: Promise<void> = Promise.resolve();

  /** Resolves once it takes requests, and rejects when it ends before. */
  function launch(number: number, first = false): Promise<{ readonly worker: Worker; readonly ready: Ready }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ worker: Worker; ready: Ready }>();
    const worker = cluster.fork();
    const told = [...lost];
    worker.on('online', () => send(worker, { kind: 'begin', assignment: { number, of: size, lost: told, first } }));
    worker.on('message', (ready: Ready) => {
      for (const pid of told) lost.delete(pid);
      resolve({ worker, ready });
    });
    worker.on('error', (error) => logger.warn({ internal: error.message }, 'a worker could not be told'));
    worker.once('exit', (code, signal) => {
      const { pid = 0 } = worker.process;
      if (code !== 0) lost.add(pid);
      logger.info({ number, pid, code, signal }, 'worker ended');
      reject(new StartError('A worker could not start; it has said why.', code ?? undefined));
    });
    return promise;
  }

  /** What fills one place is done one after the other: of two at the same time, one would be left without a place. */
  function inTurn<Value>(number: number, work: () => Promise<Value>): Promise<Value> {
    const turn = (turns.get(number) ?? Promise.resolve()).then(work);
    turns.set(
      number,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async function fill(number: number): Promise<void> {
    if (ending) return;
    const { worker } = await launch(number);
    hold(number, worker);
  }

  function hold(number: number, worker: Worker): void {
    const startedAt = performance.now();
    holders.set(number, worker);
    logger.info({ number, pid: worker.process.pid }, 'worker takes requests');
    worker.once('exit', () => {
      if (holders.get(number) !== worker) return;
      holders.delete(number);
      if (performance.now() - startedAt > BACK_OFF_MS.forgottenAfter) failures.delete(number);
      void refill(number);
    });
  }

  async function refill(number: number): Promise<void> {
    while (!ending && !holders.has(number)) {
      const failed = failures.get(number) ?? 0;
      failures.set(number, failed + 1);
      await wait(Math.min(BACK_OFF_MS.first * 2 ** failed, BACK_OFF_MS.most));
      try {
        await inTurn(number, async () => {
          if (!holders.has(number)) await fill(number);
        });
      } catch (error) {
        logger.error({ number, internal: String(error) }, 'a worker could not be replaced; it is tried again');
      }
    }
  }

  /**
   * The new one takes requests before the old one is told to end: at no moment is a connection refused. One that was started
   * for a place without any may have read older settings, and is replaced, too.
   */
  async function replace(number: number): Promise<void> {
    const old = await inTurn(number, async () => {
      const holder = holders.get(number);
      await fill(number);
      return holder;
    });
    if (old && !ending) await dismiss(old, 'replaced');
  }

  return {
    async start() {
      const first = await launch(1, true);
      hold(1, first.worker);
      await Promise.all(Array.from({ length: size - 1 }, (_, index) => inTurn(index + 2, () => fill(index + 2))));
      return first.ready;
    },

    replaceAll() {
      replacing = replacing.then(async () => {
        for (let number = 1; number <= size; number += 1) {
          try {
            await replace(number);
          } catch {
            logger.error({ number }, 'a new worker could not start; the old ones go on');
            return;
          }
        }
        logger.info('all workers were replaced');
      });
    },

    async end() {
      ending = true;
      await Promise.all(Object.values(cluster.workers ?? {}).map((worker) => worker && dismiss(worker, 'ending')));
    },
  };
}

/** Tells the worker to end in good order, and resolves when it has ended. */
async function dismiss(worker: Worker, reason: EndReason): Promise<void> {
  if (worker.isDead()) return;
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  send(worker, { kind: 'end', reason });
  const kill = setTimeout(() => worker.process.kill('SIGKILL'), KILL_AFTER_MS);
  await ended;
  clearTimeout(kill);
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message);
}
