import { constants, getPriority, platform, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { DomainError, ErrorCode, ErrorFacts } from '@postern/core';
import { callOperation, type OperationCall } from '../operation.ts';
import { openConnection } from './connection.ts';
import { createSqliteEngine } from './engine.ts';
import { translateSqliteError } from './error.ts';

/**
 * A thread with a connection of its own, in which whole operations of the port run: neither an fsync, nor another
 * process's lock, nor a long list ever stalls a verification.
 */

export interface ThreadRequest {
  readonly id: number;
  /** null: answer what came before, and end. */
  readonly call: OperationCall | null;
}

export interface ThreadAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: ErrorCode; readonly facts: ErrorFacts };
}

export interface ThreadData {
  readonly path: string;
}

/** As nice(2) has it: a sixth of a processor is left to it where verifications take all that they get. */
const NICER_BY = 7;

const { path }: ThreadData = workerData;
letVerificationsGoFirst();
const database = openConnection(path);
const engine = createSqliteEngine(database);
const running = new Set<Promise<void>>();

parentPort?.on('message', ({ id, call }: ThreadRequest) => {
  const answered = call ? answer(id, call) : end(id);
  running.add(answered);
  void answered.finally(() => running.delete(answered));
});

/** Where both share a processor. Only Linux knows the niceness of a thread; elsewhere it would be that of the process. */
function letVerificationsGoFirst(): void {
  if (platform() !== 'linux') return;
  try {
    setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + NICER_BY));
  } catch {
    // Where that is not allowed, both get the same.
  }
}

async function answer(id: number, call: OperationCall): Promise<void> {
  let outcome: ThreadAnswer;
  try {
    outcome = { id, value: await callOperation(engine, call) };
  } catch (error) {
    const { code, facts }: DomainError = translateSqliteError(error);
    outcome = { id, error: { code, facts } };
  }
  parentPort?.postMessage(outcome);
}

async function end(id: number): Promise<void> {
  await Promise.all(running);
  database.close();
  parentPort?.postMessage({ id } satisfies ThreadAnswer);
  parentPort?.close();
}
