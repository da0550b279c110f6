import type { DatabaseView, EventRow } from './database.ts';
import type { Finding } from './finding.ts';
import { type Answer, conclusiveAnswer, type Entry, type Intent } from './journal.ts';
import { apply, createModel, type Expectation, expect, liveness, type Model, type Range } from './model.ts';

/** Goes through the journal beside the audit log: what was done, whether that is what was answered, and what follows from it. */

export interface Replay {
  readonly model: Model;
  readonly findings: readonly Finding[];
  /** Numbers of the entries that were done without a conclusive answer. */
  readonly doneUnanswered: ReadonlySet<number>;
  /** Idempotency-Keys whose request was done. */
  readonly keysUsed: number;
}

const ACTIONS: Readonly<Record<Intent['kind'], string>> = {
  'account.create': 'service_account.create',
  'account.rename': 'service_account.update',
  'account.disable': 'service_account.disable',
  'account.enable': 'service_account.enable',
  'account.delete': 'service_account.delete',
  'token.create': 'token.create',
  'token.refresh': 'token.refresh',
  'token.rename': 'token.update',
  'token.end_overlap': 'token.end_overlap',
  'token.delete': 'token.delete',
  'token.give_up': 'token.delete',
  'tokens.delete': 'token.delete_all',
  'tokens.revoke': 'token.revoke',
};

/** What the audit log has of one entry. */
interface Trace {
  readonly done: readonly EventRow[];
  readonly replayed: readonly EventRow[];
  readonly refused: readonly EventRow[];
}

export function replay(entries: readonly Entry[], view: DatabaseView): Replay {
  const model = createModel();
  const findings: Finding[] = [];
  const doneUnanswered = new Set<number>();
  const keys = new Map<string, { readonly id: string; readonly generation: number }>();
  const traces = traceEvents(entries, view, findings);
  const changes = new Map(view.changes.map((change) => [change.organizationPosition, change]));

  for (const entry of inOrder(entries, traces)) {
    const trace = traces.get(entry.mark) ?? { done: [], replayed: [], refused: [] };
    const report = (kind: Finding['kind'], text: string): void => {
      findings.push({ kind, text: `${describe(entry)}: ${text}` });
    };
    const earlier = entry.idempotencyKey === null ? undefined : keys.get(entry.idempotencyKey);
    if (entry.retryOf !== null && earlier) {
      checkRepeated(model, entry, trace, earlier, report);
      continue;
    }
    const during = { earliest: entry.sentAt, latest: entry.answer?.at ?? entry.endedAt ?? Date.now() };
    const expected = [
      ...expect(model, entry.intent, during),
      ...(entry.race === null ? [] : ['token.refresh_conflict']),
    ];
    const done = becameOf(entry, trace, expected, report);
    if (!done) continue;
    const answer = conclusiveAnswer(entry);
    if (!answer) doneUnanswered.add(entry.number);
    const id = madeBy(entry.intent, answer) ?? done.targetId ?? '';
    checkEvent(entry, answer, done, id, report);
    if (answer) checkReceipt(answer, subjectOf(entry.intent, id), changes, report);
    apply(model, entry.intent, { id, value: answer?.value ?? null, client: entry.client, during });
    checkGeneration(model, entry.intent, id, done, report);
    if (entry.idempotencyKey !== null) {
      keys.set(entry.idempotencyKey, { id, generation: Number(done.details['generation'] ?? 0) });
    }
  }
  return { model, findings, doneUnanswered, keysUsed: keys.size };
}

type Report = (kind: Finding['kind'], text: string) => void;

function describe({ number, round, intent }: Entry): string {
  const { kind, ...facts } = intent;
  const ids = Object.entries(facts).filter(([name]) => name.endsWith('Id'));
  return [`operation ${number} of round ${round}, ${kind}`, ...ids.map(([, id]) => id)].join(' ');
}

/** The event that did it, if it was done; reports where that is not what must have become of it. */
function becameOf(entry: Entry, trace: Trace, expected: readonly Expectation[], report: Report): EventRow | undefined {
  const [done] = trace.done;
  if (trace.done.length > 1) report('audit', `${trace.done.length} audit events of one mutation`);
  if (trace.replayed.length > 0) report('idempotency', 'answered from memory that it cannot have');
  const wanted = `expected ${expected.join(' or ')}`;
  const answer = conclusiveAnswer(entry);
  if (!answer) {
    if (entry.answer?.code === 'storage.unavailable' && done) report('half-done', 'answered 503, and yet done');
    if (done && !expected.includes('done')) report('answer', `done, ${wanted}`);
    const code = trace.refused[0]?.code;
    if (code && !expected.includes(code)) report('answer', `refused with ${code}, ${wanted}`);
    return done;
  }
  const { status, code } = answer;
  if (code !== null) {
    if (!expected.includes(code)) report('answer', `answered ${status} ${code}, ${wanted}`);
    if (done) report('half-done', `answered ${status} ${code}, and yet done`);
    checkRefusal(answer, trace, report);
    return done;
  }
  if (!expected.includes('done') && !expected.includes('nothing')) report('answer', `answered ${status}, ${wanted}`);
  if (done && !expected.includes('done')) report('audit', `an audit event of what changed nothing, ${wanted}`);
  if (!done && !expected.includes('nothing')) report('lost', 'acknowledged, but the audit log has nothing of it');
  return done;
}

const WITHOUT_EVENT = new Set(['token.invalid', 'rate.limited', 'request.invalid']);

/** Every refusal of somebody who was authenticated, and whose request could be understood, left its own event, before the answer. */
function checkRefusal({ code, requestId }: Answer, { refused }: Trace, report: Report): void {
  if (code !== null && WITHOUT_EVENT.has(code)) return;
  if (refused.length !== 1) report('audit', `${refused.length} audit events of a refusal`);
  const [event] = refused;
  if (event && (event.code !== code || event.requestId !== requestId)) {
    report('audit', `refused with ${code} in ${requestId}, noted as ${event.code} in ${event.requestId}`);
  }
}

/** A request under a key that has done its work already: the same answer again, nothing done again. */
function checkRepeated(
  model: Model,
  entry: Entry,
  { done, replayed }: Trace,
  earlier: { readonly id: string; readonly generation: number },
  report: Report,
): void {
  if (done.length > 0) report('idempotency', 'done again under the same key');
  const answer = conclusiveAnswer(entry);
  if (!answer) return;
  const { status, code, accountId, tokenId, value, at } = answer;
  if (entry.intent.kind === 'account.create') {
    if (code !== null || accountId !== earlier.id) report('idempotency', `answered ${status} with ${accountId}`);
    return;
  }
  const during: Range = { earliest: entry.sentAt, latest: at };
  const generation = model.tokens.get(earlier.id)?.values[earlier.generation - 1];
  const live = generation ? liveness(generation, during) : 'dead';
  if (code !== null) {
    if (code !== 'idempotency.superseded' || live === 'live') report('idempotency', `answered ${status} ${code}`);
    return;
  }
  if (live === 'dead') report('idempotency', `answered ${status} with a value that has ended`);
  if (tokenId !== earlier.id) report('idempotency', `answered with ${tokenId} instead of ${earlier.id}`);
  if (replayed.length !== 1) report('audit', `${replayed.length} audit events of an opened answer`);
  if (!generation || value === null) return;
  if (generation.value !== null && generation.value !== value) report('idempotency', 'answered with another value');
  generation.value = value;
}

function checkEvent(entry: Entry, answer: Answer | null, event: EventRow, id: string, report: Report): void {
  const { intent } = entry;
  const action = ACTIONS[intent.kind];
  if (event.action !== action) report('audit', `noted as ${event.action} instead of ${action}`);
  if (intent.kind !== 'tokens.revoke' && event.targetId !== id) report('audit', `noted about ${event.targetId}`);
  if (answer && event.requestId !== answer.requestId) {
    report('audit', `answered in ${answer.requestId}, noted in ${event.requestId}`);
  }
}

function checkReceipt(
  { position }: Answer,
  subjectId: string,
  changes: ReadonlyMap<number, { readonly subjectId: string }>,
  report: Report,
): void {
  if (position === null) {
    report('answer', 'no receipt');
    return;
  }
  const change = changes.get(position);
  if (change?.subjectId !== subjectId) {
    report('change-log', `its receipt names position ${position}, which is about ${change?.subjectId ?? 'nothing'}`);
  }
}

function checkGeneration(model: Model, intent: Intent, id: string, event: EventRow, report: Report): void {
  if (intent.kind !== 'token.create' && intent.kind !== 'token.refresh') return;
  const generation = model.tokens.get(id)?.values.length;
  if (event.details['generation'] !== generation) {
    report('audit', `noted as generation ${event.details['generation']} instead of ${generation}`);
  }
}

/** Whose change a mutation is in the change log. */
function subjectOf(intent: Intent, id: string): string {
  return intent.kind === 'tokens.revoke' ? intent.accountId : id;
}

/** What the mutation is about; undefined where only an answer that never came would tell. */
function madeBy(intent: Intent, answer: Answer | null): string | undefined {
  if (intent.kind === 'account.create') return answer?.accountId ?? undefined;
  if (intent.kind === 'token.create') return answer?.tokenId ?? undefined;
  return 'tokenId' in intent ? intent.tokenId : intent.accountId;
}

/** As they were sent; those of one race as they were committed. */
function inOrder(entries: readonly Entry[], traces: ReadonlyMap<string, Trace>): readonly Entry[] {
  const place = (entry: Entry): number => {
    const generation = traces.get(entry.mark)?.done[0]?.details['generation'];
    return typeof generation === 'number' ? generation : Number.MAX_SAFE_INTEGER;
  };
  const races = new Map<number, Entry[]>();
  for (const entry of entries) {
    if (entry.race !== null) races.set(entry.race, [...(races.get(entry.race) ?? []), entry]);
  }
  return entries.flatMap((entry) => {
    if (entry.race === null) return [entry];
    const race = races.get(entry.race) ?? [];
    return entry === race[0] ? race.toSorted((one, other) => place(one) - place(other)) : [];
  });
}

function traceEvents(
  entries: readonly Entry[],
  { events }: DatabaseView,
  findings: Finding[],
): ReadonlyMap<string, Trace> {
  const traces = new Map(
    entries.map(({ mark }) => [
      mark,
      { done: [] as EventRow[], replayed: [] as EventRow[], refused: [] as EventRow[] },
    ]),
  );
  for (const event of events) {
    if (event.action === 'token.use_refused' || event.mark === null) continue;
    const trace = traces.get(event.mark);
    if (!trace) findings.push({ kind: 'audit', text: `event ${event.id}, ${event.action}, which nobody asked for` });
    else if (event.outcome === 'refused') trace.refused.push(event);
    else if (event.action === 'token.value_replayed') trace.replayed.push(event);
    else trace.done.push(event);
  }
  return traces;
}
