import type { DatabaseView, EventRow, TokenRow } from './database.ts';
import type { Finding } from './finding.ts';
import type { Entry } from './journal.ts';
import {
  type AccountModel,
  liveness,
  type Model,
  type Range,
  retiringValue,
  type TokenModel,
  type ValueModel,
} from './model.ts';
import { type Replay, replay } from './replay.ts';

/** What a verification said of a value. */
export interface Verdict {
  readonly value: string | null;
  readonly during: Range;
  readonly active: boolean;
  readonly tokenId: string | null;
  /** null where the route does not say it. */
  readonly generation: number | null;
}

/** How often a token was used: asked about, and surely kept, because it was answered by a process that stopped in good order. */
export interface Uses {
  readonly asked: number;
  readonly kept: number;
}

export interface Evidence {
  readonly entries: readonly Entry[];
  readonly view: DatabaseView;
  readonly verdicts: readonly Verdict[];
  readonly uses: ReadonlyMap<string, Uses>;
}

/** Holds what the database and the restarted process say against the journal. No findings: every promise was kept. */
export function check({ entries, view, verdicts, uses }: Evidence): Replay {
  const replayed = replay(entries, view);
  const { model } = replayed;
  const findings = [
    ...replayed.findings,
    ...checkAccounts(model, view),
    ...checkTokens(model, view),
    ...checkGenerations(model, view),
    ...checkChangeLog(view),
    ...checkAnswers(replayed, view),
    ...checkVerdicts(model, verdicts),
    ...checkUses(model, view, uses),
  ];
  return { ...replayed, findings };
}

/** The account and token of the first start are nobody's in the load. */
const BOOTSTRAP = 'bootstrap';

function checkAccounts(model: Model, view: DatabaseView): Finding[] {
  const rows = new Map(view.accounts.map((row) => [row.id, row]));
  const unknown = view.accounts.filter(({ id, name }) => name !== BOOTSTRAP && !model.accounts.has(id));
  return [
    ...unknown.map(
      ({ id }): Finding => ({ kind: 'half-done', text: `account ${id} is there, its audit event is not` }),
    ),
    ...[...model.accounts.values()].flatMap((account): Finding[] => {
      const row = rows.get(account.id);
      if (!row) return [{ kind: 'lost', text: `account ${account.id} is not there` }];
      const expected = [account.name, account.status, livingTokens(account)];
      return differences(`account ${account.id}`, expected, [row.name, row.status, row.tokenCount]);
    }),
  ];
}

function livingTokens({ tokens }: AccountModel): number {
  return tokens.filter((token) => !token.deleted).length;
}

function checkTokens(model: Model, view: DatabaseView): Finding[] {
  const rows = new Map(view.tokens.map((row) => [row.id, row]));
  const unknown = view.tokens.filter(({ id, name }) => name !== BOOTSTRAP && !model.tokens.has(id));
  return [
    ...unknown.map(({ id }): Finding => ({ kind: 'half-done', text: `token ${id} is there, its audit event is not` })),
    ...[...model.tokens.values()].flatMap((token): Finding[] => {
      const row = rows.get(token.id);
      if (!row) return [{ kind: 'lost', text: `token ${token.id} is not there` }];
      return differences(`token ${token.id}`, factsOf(token), factsOfRow(row));
    }),
  ];
}

function factsOf(token: TokenModel): unknown[] {
  return [token.account.id, token.name, token.values.length, token.expiresAt, token.deleted];
}

function factsOfRow(row: TokenRow): unknown[] {
  return [row.accountId, row.name, row.generation, row.expiresAt, row.deleted];
}

function differences(what: string, expected: readonly unknown[], found: readonly unknown[]): Finding[] {
  if (JSON.stringify(expected) === JSON.stringify(found)) return [];
  return [{ kind: 'half-done', text: `${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}` }];
}

/** One current digest per token, the one of its generation; a retiring one only while there is an overlap. */
function checkGenerations(model: Model, view: DatabaseView): Finding[] {
  const digests = Map.groupBy(view.digests, (digest) => digest.tokenId);
  return [...model.tokens.values()].flatMap((token): Finding[] => {
    const rows = digests.get(token.id) ?? [];
    const current = rows.filter(({ state }) => state === 'current');
    const expected = [
      { tokenId: token.id, generation: token.values.length, state: 'current', validUntil: token.expiresAt },
    ];
    const found = differences(`the current value of token ${token.id}`, expected, current);
    const retiring = rows.filter(({ state }) => state === 'retiring').map(({ generation }) => generation);
    const before = retiringValue(token)?.generation;
    // Once its overlap is over by the clock, it may be either.
    if (retiring.some((generation) => generation !== before)) {
      found.push({ kind: 'half-done', text: `token ${token.id} has retiring values ${retiring}, expected ${before}` });
    }
    return found;
  });
}

/** Positions without a gap, in the whole and in each organization; and one change for each audit event of a mutation. */
function checkChangeLog({ changes, events, head, organizations }: DatabaseView): Finding[] {
  const findings: Finding[] = [];
  const report = (text: string): void => void findings.push({ kind: 'change-log', text });
  const gap = changes.findIndex(({ position }, index) => position !== index + 1);
  if (gap >= 0) report(`position ${changes[gap]?.position} where ${gap + 1} must be`);
  if (head !== changes.length) report(`the head is ${head} after ${changes.length} changes`);
  for (const { id, changePosition } of organizations) {
    const own = changes.filter(({ organizationId }) => organizationId === id);
    const ownGap = own.findIndex(({ organizationPosition }, index) => organizationPosition !== index + 1);
    if (ownGap >= 0) report(`position ${own[ownGap]?.organizationPosition} of ${id} where ${ownGap + 1} must be`);
    if (changePosition !== own.length) report(`${id} is at ${changePosition} after ${own.length} changes`);
  }
  const balance = new Map<string, number>();
  const count = (subject: string, by: number): void => void balance.set(subject, (balance.get(subject) ?? 0) + by);
  for (const { subjectId } of changes) count(subjectId, 1);
  for (const event of events.filter(isMutation)) count(subjectOf(event), -1);
  for (const [subject, surplus] of balance) {
    if (surplus > 0) report(`${surplus} changes without audit events about ${subject}`);
    if (surplus < 0) report(`${-surplus} audit events without changes about ${subject}`);
  }
  return findings;
}

function isMutation({ action, outcome }: EventRow): boolean {
  return outcome === 'done' && action !== 'token.value_replayed';
}

function subjectOf({ action, targetId, details }: EventRow): string {
  return String(action === 'token.revoke' ? details['accountId'] : targetId);
}

/** One kept answer for each Idempotency-Key whose request was done. */
function checkAnswers({ keysUsed }: Replay, { idempotentAnswers }: DatabaseView): Finding[] {
  if (idempotentAnswers === keysUsed) return [];
  return [{ kind: 'idempotency', text: `${idempotentAnswers} answers are kept under ${keysUsed} keys` }];
}

function checkVerdicts(model: Model, verdicts: readonly Verdict[]): Finding[] {
  const values = new Map([...model.tokens.values()].flatMap((token) => token.values.map((each) => [each.value, each])));
  return verdicts.flatMap((verdict): Finding[] => {
    const value = values.get(verdict.value);
    return value ? judge(value, verdict) : [{ kind: 'answer', text: 'a verdict about a value that nobody was given' }];
  });
}

/** Holds a verdict against what had been done to its value when it was asked for. */
export function judge(value: ValueModel, { during, active, tokenId, generation }: Verdict): Finding[] {
  const what = `generation ${value.generation} of token ${value.token.id}`;
  const expected = liveness(value, during);
  if (active && expected === 'dead') return [{ kind: 'resurrected', text: `${what} has ended and was found valid` }];
  if (!active && expected === 'live') return [{ kind: 'refused', text: `${what} is valid and was refused` }];
  if (!active) return [];
  return differences(what, [value.token.id, value.generation], [tokenId, generation ?? value.generation]);
}

/** Never more uses than there were, and none lost by a process that stopped in good order. */
function checkUses(model: Model, { calls }: DatabaseView, uses: ReadonlyMap<string, Uses>): Finding[] {
  return [...model.tokens.values()].flatMap(({ id, deleted }): Finding[] => {
    const counted = calls.get(id) ?? 0;
    const { asked, kept } = uses.get(id) ?? { asked: 0, kept: 0 };
    if (counted > asked) return [{ kind: 'usage', text: `token ${id}: ${counted} uses counted, asked ${asked} times` }];
    if (deleted || counted >= kept) return [];
    return [{ kind: 'usage', text: `token ${id}: ${counted} uses counted of ${kept} that were to be kept` }];
  });
}
