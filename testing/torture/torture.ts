import { setTimeout as wait } from 'node:timers/promises';
import type { HttpAnswer } from '../http-client.ts';
import { createRandom, type Random } from '../random.ts';
import { readEvidence } from './evidence.ts';
import { FAULTS, type Fault, keepFailing } from './fault.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { runLane } from './lane.ts';
import type { Mutator, ReceiptNote } from './mutation.ts';
import { keepChangingPolicy, type PolicyPlace } from './policy.ts';
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
const PAUSE_MS = 20;
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
    const setup = await prepare(fleet);
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
    const values = new Set<Value>();
    const report = () => ({ counts: registers.counts, findings: [...registers.findings, ...strange] });
    const progress = setInterval(() => options.onProgress?.(report()), PROGRESS_MS);
    const [counts] = await Promise.all([
      faults ? keepFailing({ nodes: fleet.nodes, random: random.fork(), now, notes, isOver }) : NO_FAULTS,
      keepChangingPolicy(mutator(), setup.policy, values),
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
  readonly policy: PolicyPlace;
}

/** Callers whose tokens expire, so that no policy gets in their way, and an account for one that does not. */
async function prepare({ nodes, adminToken }: Fleet): Promise<Setup> {
  const client = nodes[0]?.client;
  const post = async (path: string, body: object): Promise<HttpAnswer['body']> => {
    const answer = await client?.call('POST', `/api/v1${path}`, { token: adminToken, body });
    if (answer?.status !== 201) throw new Error(`${path}: ${answer?.status} ${JSON.stringify(answer?.body)}`);
    return answer.body;
  };
  const account = async (organizationRole: string): Promise<string> =>
    (await post('/service-accounts', { displayName: organizationRole, organizationRole })).id;
  const issue = async (organizationRole: string): Promise<string> => {
    const expiresAt = new Date(Date.now() + 30 * 86_400_000).toISOString();
    const path = `/service-accounts/${await account(organizationRole)}/tokens`;
    return (await post(path, { name: 'torture', expiresAt })).value;
  };
  return {
    adminToken: await issue('admin'),
    verifierToken: await issue('verifier'),
    // An admin may run things everywhere.
    policy: { accountId: await account('admin'), workspaceId: (await post('/workspaces', { name: 'policy' })).id },
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
    if (values.size === 0) {
      await wait(PAUSE_MS);
      continue;
    }
    const asked = verify(verifier, random.pick(nodes), random.pick([...values]));
    // One that stands still answers later; others are asked meanwhile.
    const answered = await Promise.race([asked, wait(PATIENCE_MS)]);
    if (answered === false) await wait(random.below(PAUSE_MS));
  }
}
