import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { HttpAnswer } from '../http-client.ts';
import type { Random } from '../random.ts';
import type { FleetNode } from './fleet.ts';
import type { Write } from './history.ts';
import type { Register, Registers } from './register.ts';

/** What a receipt said, and how long its caller waited for it. */
export interface ReceiptNote {
  readonly ms: number;
  readonly confirmed: number;
  readonly expired: number;
  readonly callMs: number;
}

export interface Mutator {
  readonly nodes: readonly FleetNode[];
  readonly adminToken: string;
  readonly registers: Registers;
  readonly random: Random;
  readonly now: () => number;
  isOver(): boolean;
  onReceipt(receipt: ReceiptNote): void;
  onStrange(what: string): void;
}

/** One thing to be done, and which rights it gives or takes. */
export interface Mutation {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Instead of the admin's. */
  readonly token?: string;
  readonly keyed?: boolean;
  /** Statuses besides 2xx that say that it is so: it was done before, by a call whose answer did not come. */
  readonly saysDone?: readonly number[];
  readonly gives?: readonly Register[];
  readonly takes?: readonly Register[];
}

export interface Outcome {
  readonly answer: HttpAnswer;
  /** When the first call of it began. */
  readonly startedAt: number;
  /** Some call was not answered: it may still take effect, at any time. */
  readonly isUnsure: boolean;
}

/** How long a caller waits for an answer before it asks another node. */
const PATIENCE_MS = [150, 1_000, 3_000, 8_000];
const RETRY_MS = 20;

/** Does it, on one node after the other until one answers; undefined when the run is over before that. */
export async function mutate(mutator: Mutator, mutation: Mutation): Promise<Outcome | undefined> {
  const { random, now, nodes } = mutator;
  const key = randomBytes(24).toString('base64url');
  const startedAt = now();
  let isUnsure = false;
  while (!mutator.isOver()) {
    const attempt = call(mutator, random.pick(nodes), mutation, key);
    const answer = await Promise.race([attempt, wait(random.pick(PATIENCE_MS)).then(() => undefined)]);
    if (answer && answer !== 'nothing done') return { answer, startedAt, isUnsure };
    if (answer === undefined) isUnsure = true;
    await wait(RETRY_MS);
  }
  return undefined;
}

/** Undefined when it is not known what became of it. */
async function call(
  { registers, now, adminToken, ...mutator }: Mutator,
  node: FleetNode,
  mutation: Mutation,
  key: string,
): Promise<HttpAnswer | 'nothing done' | undefined> {
  const { what, method, path, body, token = adminToken, keyed, saysDone = [], gives = [], takes = [] } = mutation;
  const text = `${what} on ${node.name}`;
  const writes = [
    ...gives.map((register) => ({ register, write: registers.begin(register, 'allowed', text) })),
    ...takes.map((register) => ({ register, write: registers.begin(register, 'denied', text) })),
  ];
  const began = now();
  let answer: HttpAnswer;
  try {
    answer = await node.client.call(method, path, {
      body,
      token,
      headers: keyed ? { 'idempotency-key': key } : {},
    });
  } catch {
    return undefined;
  }
  const { status } = answer;
  noteReceipt(mutator, answer, now() - began);
  if (status < 300 || saysDone.includes(status)) {
    for (const { write } of writes) write.endedAt = now();
    return answer;
  }
  if (status === 503 && answer.body?.code === 'outcome_unknown') return undefined;
  // Nothing was done: it is as if it had not been asked for.
  for (const { register, write } of writes) forget(register, write);
  if (status === 503) return 'nothing done';
  return answer;
}

function forget({ operations }: Register, write: Write): void {
  const place = operations.indexOf(write);
  if (place >= 0) operations.splice(place, 1);
}

function noteReceipt({ onReceipt }: Pick<Mutator, 'onReceipt'>, { headers }: HttpAnswer, callMs: number): void {
  const found = /confirmed=(\d+), expired=(\d+), ms=([\d.]+)/.exec(String(headers['postern-receipt'] ?? ''));
  if (!found) return;
  const [, confirmed, expired, ms] = found.map(Number) as [number, number, number, number];
  onReceipt({ ms, confirmed, expired, callMs });
}
