import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { DomainError } from '@postern/core';
import type { OperationCall } from '../operation.ts';
import type { ThreadAnswer, ThreadData, ThreadRequest } from './thread.ts';

/** A thread for operations. One that dies fails what it was doing, and the next call starts another. */
export interface Thread {
  /** Rejects with the operation's DomainError. */
  call(call: OperationCall): Promise<unknown>;
  /** Lets running calls end; later ones are `storage.unavailable`. */
  close(): Promise<void>;
  /** Kills the thread, whatever it is doing. */
  kill(): Promise<void>;
}

interface Pending {
  readonly call: OperationCall | null;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: DomainError) => void;
}

/** Sources run as they are: the thread's file has the ending that this one has. */
const RUNS_FROM_SOURCES = import.meta.url.endsWith('.ts');
const FILE = new URL(RUNS_FROM_SOURCES ? './thread.ts' : './thread.js', import.meta.url);
/** The thread finds the workspace's sources as this process did. */
const OPTIONS = RUNS_FROM_SOURCES ? { execArgv: ['--conditions=postern-src'] } : {};

// In Node 24, threads that load TypeScript at the same time can crash the process: V8 frees compiled WebAssembly wrappers
// (of the type stripper) that another thread has just replaced. Wrappers that are never recompiled are not freed.
if (RUNS_FROM_SOURCES) setFlagsFromString('--wasm-wrapper-tiering-budget=1000000000');

/** `heard` is called before anything that a thread says is acted upon. */
export function createThread(path: string, heard: () => void): Thread {
  let worker: Worker | undefined;
  let closed = false;
  let lastId = 0;
  const pending = new Map<number, Pending>();

  function start(): Worker {
    const started = new Worker(FILE, {
      ...OPTIONS,
      name: 'postern-storage',
      workerData: { path } satisfies ThreadData,
    });
    started.on('message', settle);
    started.on('error', (error) => fail(started, error.message));
    started.on('exit', (code) => fail(started, `exit code ${code}`));
    worker = started;
    return started;
  }

  function settle({ id, value, error }: ThreadAnswer): void {
    heard();
    const found = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) worker?.unref();
    if (error) found?.reject(new DomainError(error.code, error.facts));
    else found?.resolve(value);
  }

  function fail(failed: Worker, reason: string): void {
    if (worker !== failed) return;
    worker = undefined;
    heard();
    const lost = [...pending.values()];
    pending.clear();
    for (const { call, resolve, reject } of lost) {
      if (call) reject(lostCall(call, reason));
      else resolve(undefined);
    }
  }

  function send(call: OperationCall | null): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const receiver = worker ?? start();
    lastId += 1;
    pending.set(lastId, { call, resolve, reject });
    // The process stays for a call in progress, not for an idle thread.
    receiver.ref();
    receiver.postMessage({ id: lastId, call } satisfies ThreadRequest);
    return promise;
  }

  return {
    async call(call) {
      if (closed) throw new DomainError('storage.unavailable', { internal: 'the storage is closed' });
      return send(call);
    },
    async close() {
      closed = true;
      if (worker) await send(null);
    },
    async kill() {
      await worker?.terminate();
    },
  };
}

/** A thread that died may have committed what it had not answered yet. */
function lostCall(call: OperationCall, reason: string): DomainError {
  const internal = `the storage thread ended (${reason}) during ${call.name}`;
  return call.kind === 'reading'
    ? new DomainError('storage.unavailable', { internal, retryAfterSeconds: 1 })
    : new DomainError('outcome_unknown', { internal });
}
