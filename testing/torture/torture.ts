import { setTimeout as wait } from 'node:timers/promises';
import type { HttpAnswer } from '../http-client.ts';
import { createRandom, type Random } from '../random.ts';
import { readEvidence } from './evidence.ts';
import { FAULTS, type Fault, keepFailing } from './fault.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { runLane } from './lane.ts';
import type { Mutator, ReceiptNote } from './mutation.ts';
import { keepChangingPolicy } from './policy.ts';
import { createRegisters, type Registers } from './register.ts';
import type { Note } from './story.ts';
import { type Value, type Verifier, verify } from './verification.ts';

export interface TortureOptions {
  readonly databaseUrl: string;
  readonly seed: number;
  readonly seconds: number;
  /** Default 4. */
  readonly nodes?: number;
  /** Default: with all of them. */
  readonly faults?: boolean;
  readonly onProgress?: (report: Pick<TortureReport, 'counts' | 'findings'>) => void;
}

export interface TortureReport {
  readonly seconds: number;
  readonly counts: Registers['counts'];
  readonly faults: Readonly<Record<Fault, number>>;
  readonly receipts: readonly ReceiptNote[];
  /** Histories that cannot have happened, and answers that nothing explains. */
  readonly findings: readonly string[];
  /** What the database says about what was found, as JSON. */
  readonly evidence: readonly string[];
}

const LANES = 5;
const VERIFIERS = 6;
const PATIENCE_MS = 150;
const PROGRESS_MS = 10_000;

/**
 * Real processes on one PostgreSQL, clients that give and take rights and ask about them, faults; every call is recorded
 * with its interval on one monotonic clock, and each right's history is held against linearizability.
 */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { databaseUrl, seed, seconds, faults = true } = options;
  const random = createRandom(seed);
  const fleet = await startFleet(databaseUrl, options.nodes ?? 4);
  try {
    const now = () => performance.now();
    const notes: Note[] = [];
    const strange: string[] = [];
    const onStrange = (what: string): void => void strange.push(what);
    const registers = createRegisters(now, notes);
    const receipts: ReceiptNote[] = [];
    const setup = await prepare(fleet, registers, now);
    const until = now() + seconds * 1_000;
    const isOver = () => now() >= until || registers.findings.length + strange.length > 0;
    const verifier: Verifier = { registers, token: setup.verifierToken, random: random.fork(), onStrange };
    const mutator = (): Mutator => ({
      nodes: fleet.nodes,
      adminToken: setup.adminToken,
      registers,
      random: random.fork(),
      now,
      isOver,
      onReceipt: (receipt) => void receipts.push(receipt),
      onStrange,
    });
    const values = new Set<Value>([setup.never]);
    const report = () => ({ counts: registers.counts, findings: [...registers.findings, ...strange] });
    const progress = setInterval(() => options.onProgress?.(report()), PROGRESS_MS);
    const [counts] = await Promise.all([
      faults ? keepFailing({ nodes: fleet.nodes, random: random.fork(), now, notes, isOver }) : NO_FAULTS,
      keepChangingPolicy(mutator(), setup.never),
      ...Array.from({ length: LANES }, (_, lane) => runLane({ ...mutator(), name: `lane-${lane}`, verifier, values })),
      ...Array.from({ length: VERIFIERS }, () => keepVerifying(fleet, verifier, values, random.fork(), isOver)),
    ]);
    clearInterval(progress);
    for (const value of values) for (const register of [value.alive, value.may]) registers.close(register);
    registers.finish();
    const found = report();
    // What a finding is about is looked up before the database is gone.
    const evidence = await readEvidence(databaseUrl, found.findings);
    return { seconds, faults: counts, receipts, ...found, evidence };
  } finally {
    await fleet.stop();
  }
}

const NO_FAULTS = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;

interface Setup {
  readonly adminToken: string;
  readonly verifierToken: string;
  /** A token that never expires. */
  readonly never: Value;
}

/** Callers whose tokens expire, so that no policy gets in their way, and one whose token does not. */
async function prepare({ nodes, adminToken }: Fleet, registers: Registers, now: () => number): Promise<Setup> {
  const client = nodes[0]?.client;
  const post = async (path: string, body: object): Promise<HttpAnswer['body']> => {
    const answer = await client?.call('POST', `/api/v1${path}`, { token: adminToken, body });
    if (answer?.status !== 201) throw new Error(`${path}: ${answer?.status} ${JSON.stringify(answer?.body)}`);
    return answer.body;
  };
  const issue = async (organizationRole: string, expires: boolean) => {
    const account = await post('/service-accounts', { displayName: organizationRole, organizationRole });
    const expiresAt = expires ? new Date(Date.now() + 30 * 86_400_000).toISOString() : null;
    const { token, value } = await post(`/service-accounts/${account.id}/tokens`, { name: 'torture', expiresAt });
    return { tokenId: token.id as string, value: value as string };
  };
  const workspace = await post('/workspaces', { name: 'policy' });
  const startedAt = now();
  // An admin may run things everywhere.
  const never = await issue('admin', false);
  const alive = registers.open('the token that never expires is valid');
  const may = registers.open('the token that never expires may run things');
  for (const { operations } of [alive, may]) {
    operations.push({ kind: 'write', to: 'allowed', startedAt, endedAt: now(), what: 'issue' });
  }
  return {
    adminToken: (await issue('admin', true)).value,
    verifierToken: (await issue('verifier', true)).value,
    never: { ...never, workspaceId: workspace.id, alive, may },
  };
}

async function keepVerifying(
  { nodes }: Fleet,
  verifier: Verifier,
  values: ReadonlySet<Value>,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const asked = verify(verifier, random.pick(nodes), random.pick([...values]));
    // One that stands still answers later; others are asked meanwhile.
    const answered = await Promise.race([asked, wait(PATIENCE_MS)]);
    if (answered === false) await wait(random.below(20));
  }
}
