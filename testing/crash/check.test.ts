import { beforeAll, describe, expect, test } from 'vitest';
import { createHttpClient } from '../http-client.ts';
import { startPostern } from '../postern-process.ts';
import { createRandom } from '../random.ts';
import { check, type Evidence, type Uses } from './check.ts';
import { type DatabaseView, readDatabase } from './database.ts';
import type { Finding } from './finding.ts';
import { type Answer, createJournal, type Entry, type Intent } from './journal.ts';
import { replay } from './replay.ts';
import { perform } from './request.ts';
import { createUseCounter, verify } from './verification.ts';

/** The checker's own test: what really happened passes, and every lie about it is found. */

type Mutable<Value> =
  Value extends ReadonlyMap<infer Key, infer Each>
    ? Map<Key, Each>
    : { -readonly [Key in keyof Value]: Value[Key] extends object ? Mutable<Value[Key]> : Value[Key] };

let truth: Evidence;
/** Numbers of the entries that the lies are about. */
let numbers: Record<'kept' | 'repeated' | 'overlapping' | 'deleted' | 'refusedDelete' | 'disabled', number>;

beforeAll(async () => {
  await using postern = await startPostern();
  const client = createHttpClient(postern.url, postern.adminToken);
  const journal = createJournal('check');
  const counter = createUseCounter();

  async function act(intent: Intent, more: Partial<Pick<Entry, 'idempotencyKey' | 'retryOf'>> = {}): Promise<Entry> {
    const entry = journal.note({
      round: 0,
      client: 0,
      intent,
      idempotencyKey: null,
      retryOf: null,
      race: null,
      ...more,
    });
    await perform(client, entry);
    return entry;
  }
  const account = async (name: string): Promise<string> => id((await act({ kind: 'account.create', name })).answer);
  const token = (accountId: string, name: string, more = {}): Promise<Entry> =>
    act({ kind: 'token.create', accountId, name, expiresAt: null }, more);

  const lasting = await account('lasting');
  const disabled = await account('disabled');
  const idempotencyKey = 'k'.repeat(32);
  const kept = await token(lasting, 'kept', { idempotencyKey });
  const repeated = await token(lasting, 'kept', { idempotencyKey, retryOf: kept.number });
  const refreshed = tokenOf(await token(lasting, 'refreshed'));
  const refresh = { kind: 'token.refresh', accountId: lasting, tokenId: refreshed, expiresAt: null } as const;
  const overlapping = await act({ ...refresh, overlapSeconds: 3_600 });
  const gone = tokenOf(await token(lasting, 'gone'));
  const deleted = await act({ kind: 'token.delete', accountId: lasting, tokenId: gone });
  const refusedDelete = await act({ kind: 'token.delete', accountId: lasting, tokenId: gone });
  await token(disabled, 'ended with its account');
  const disabling = await act({ kind: 'account.disable', accountId: disabled });
  await act({ kind: 'account.disable', accountId: disabled });
  numbers = {
    kept: kept.number,
    repeated: repeated.number,
    overlapping: overlapping.number,
    deleted: deleted.number,
    refusedDelete: refusedDelete.number,
    disabled: disabling.number,
  };

  const { model } = replay(journal.entries, await readDatabase(postern.data));
  const values = [...model.tokens.values()].flatMap((each) => each.values);
  const random = createRandom(1);
  const verdicts = [];
  for (const value of values) verdicts.push(await verify(client, value, random, counter));
  client.close();
  expect(await postern.stop()).toBe(0);
  counter.ended(true);
  const view = await readDatabase(postern.data);
  truth = {
    entries: journal.entries,
    view,
    verdicts: verdicts.filter((verdict) => verdict !== undefined),
    uses: counter.uses,
  };
});

test('what really happened has no findings', () => {
  expect(check(truth).findings).toEqual([]);
});

test('nor has it when answers never came', () => {
  const { findings, doneUnanswered } = check(
    lie(({ entries }) => {
      for (const entry of entries) if (entry.number !== numbers.repeated) entry.answer = null;
    }),
  );
  // Of most values nobody knows any more.
  expect(findings.filter(({ text }) => !text.includes('nobody was given'))).toEqual([]);
  expect(doneUnanswered.size).toBeGreaterThan(5);
});

/** A lie about what happened, and the kinds of finding that it must lead to, among others perhaps. */
type Lie = readonly [name: string, kinds: readonly Finding['kind'][], tell: (evidence: Mutable<Evidence>) => void];

describe('is found:', () => {
  const lies: readonly Lie[] = [
    [
      'an acknowledged token that never existed',
      ['lost'],
      ({ entries }) => {
        const made = answered(entries, numbers.kept);
        entries.push({
          ...made,
          number: entries.length,
          mark: 'check-never',
          idempotencyKey: null,
          answer: { ...made.answer, tokenId: 'tok_never', requestId: 'req_never' },
        });
      },
    ],
    ['an acknowledged token whose row is gone', ['lost'], ({ view }) => void dropToken(view, 'kept')],
    [
      'a revoked token that is taken for valid',
      ['resurrected'],
      ({ verdicts, entries }) => {
        const { tokenId } = intentOf(entries, numbers.deleted);
        const value = entries.find(({ answer }) => answer?.tokenId === tokenId)?.answer?.value;
        for (const verdict of verdicts) if (verdict.value === value) verdict.active = true;
      },
    ],
    [
      'a revoked token that the journal claims to be live',
      ['audit', 'half-done', 'refused'],
      ({ entries }) => void entries.splice(numbers.deleted, 1),
    ],
    [
      'a live token that the journal claims to be revoked',
      ['lost'],
      ({ entries }) => {
        const { tokenId } = answered(entries, numbers.kept).answer;
        entries[numbers.deleted] = {
          ...answered(entries, numbers.deleted),
          intent: { ...intentOf(entries, numbers.deleted), tokenId: tokenId ?? '' },
          mark: 'check-other',
        };
      },
    ],
    [
      'a live token that is refused',
      ['refused'],
      ({ verdicts }) => {
        for (const verdict of verdicts) verdict.active = false;
      },
    ],
    [
      'a verdict about another token',
      ['half-done'],
      ({ verdicts }) => {
        for (const verdict of verdicts) if (verdict.active) verdict.tokenId = 'tok_other';
      },
    ],
    [
      'a revocation that did not reach the row',
      ['half-done'],
      ({ view }) => {
        for (const row of view.tokens) row.deleted = false;
      },
    ],
    [
      'a refresh without its digest',
      ['half-done'],
      ({ view, entries }) => {
        const { tokenId } = intentOf(entries, numbers.overlapping);
        view.digests = view.digests.filter((digest) => digest.tokenId !== tokenId || digest.generation === 1);
      },
    ],
    [
      'a retiring value where nothing retires',
      ['half-done'],
      ({ view }) => {
        for (const row of view.digests) row.state = 'retiring';
      },
    ],
    [
      'an account that counts its tokens wrong',
      ['half-done'],
      ({ view }) => {
        for (const row of view.accounts) row.tokenCount += 1;
      },
    ],
    [
      'a row that nobody asked for',
      ['half-done'],
      ({ view }) => void view.tokens.push({ ...first(view.tokens), id: 'tok_ghost', name: 'ghost' }),
    ],
    [
      'a mutation that was refused and done',
      ['half-done', 'answer'],
      ({ entries }) => changeAnswer(entries, numbers.disabled, { status: 409, code: 'precondition.failed' }),
    ],
    [
      'a success where there was nothing to succeed in',
      ['answer'],
      ({ entries }) => changeAnswer(entries, numbers.refusedDelete, { status: 204, code: null }),
    ],
    [
      'a mutation without an audit event',
      ['lost'],
      ({ view, entries }) => void dropEvent(view, entries, numbers.deleted),
    ],
    [
      'a refusal without an audit event',
      ['audit'],
      ({ view, entries }) => void dropEvent(view, entries, numbers.refusedDelete),
    ],
    [
      'two audit events of one mutation',
      ['audit', 'change-log'],
      ({ view, entries }) => {
        const mark = entries[numbers.deleted]?.mark;
        view.events.push(
          ...view.events.filter((event) => event.mark === mark).map((event) => ({ ...event, id: 'evt_2' })),
        );
      },
    ],
    [
      'an audit event that the answered X-Request-Id does not find',
      ['audit'],
      ({ entries }) => changeAnswer(entries, numbers.deleted, { requestId: 'req_other' }),
    ],
    [
      'an opened answer without an audit event',
      ['audit'],
      ({ view, entries }) => void dropEvent(view, entries, numbers.repeated),
    ],
    [
      'another token under the same Idempotency-Key',
      ['idempotency'],
      ({ entries }) => changeAnswer(entries, numbers.repeated, { tokenId: 'tok_other' }),
    ],
    [
      'another value under the same Idempotency-Key',
      ['idempotency'],
      ({ entries }) => changeAnswer(entries, numbers.repeated, { value: 'pst_other' }),
    ],
    [
      'a request done twice under the same Idempotency-Key',
      ['idempotency'],
      ({ view, entries }) => {
        const again = entries[numbers.repeated]?.mark;
        for (const event of view.events) if (event.mark === again) event.action = 'token.create';
      },
    ],
    ['an answer that was not kept', ['idempotency'], ({ view }) => void Object.assign(view, { idempotentAnswers: 0 })],
    ['a gap in the change log', ['change-log'], ({ view }) => void view.changes.splice(3, 1)],
    ['a head beyond the change log', ['change-log'], ({ view }) => void Object.assign(view, { head: view.head + 1 })],
    [
      'an organization that is ahead of its changes',
      ['change-log'],
      ({ view }) => {
        first(view.organizations).changePosition += 1;
      },
    ],
    [
      'a change without an audit event',
      ['change-log'],
      ({ view }) => {
        const last = view.changes.at(-1);
        if (!last) throw new Error('no changes');
        view.changes.push({
          ...last,
          position: last.position + 1,
          organizationPosition: last.organizationPosition + 1,
        });
        view.head += 1;
        first(view.organizations).changePosition += 1;
      },
    ],
    [
      'a receipt for another change',
      ['change-log'],
      ({ entries }) => changeAnswer(entries, numbers.deleted, { position: 1 }),
    ],
    [
      'a use that was lost',
      ['usage'],
      ({ uses }) => changeUses(uses, ({ asked, kept }) => ({ asked, kept: kept + 1 })),
    ],
    ['a use that never was', ['usage'], ({ uses }) => changeUses(uses, () => ({ asked: 0, kept: 0 }))],
  ];

  test.for(lies)('%s', ([, kinds, tell]) => {
    const found = new Set(check(lie(tell)).findings.map(({ kind }) => kind));
    expect([...found]).toEqual(expect.arrayContaining([...kinds]));
  });
});

function lie(tell: (evidence: Mutable<Evidence>) => void): Evidence {
  const evidence = structuredClone(truth) as Mutable<Evidence>;
  tell(evidence);
  return evidence as Evidence;
}

function id(answer: Answer | null): string {
  return answer?.accountId ?? '';
}

function tokenOf({ answer }: Entry): string {
  return answer?.tokenId ?? '';
}

function answered(entries: Mutable<Evidence>['entries'], number: number) {
  const entry = entries[number];
  if (!entry?.answer) throw new Error(`entry ${number} has no answer`);
  return { ...entry, answer: entry.answer };
}

function changeAnswer(entries: Mutable<Evidence>['entries'], number: number, change: Partial<Answer>): void {
  const entry = entries[number];
  if (entry) entry.answer = { ...answered(entries, number).answer, ...change };
}

function intentOf(entries: Mutable<Evidence>['entries'], number: number) {
  const intent = entries[number]?.intent;
  if (intent?.kind !== 'token.delete' && intent?.kind !== 'token.refresh') throw new Error('not about a token');
  return intent;
}

function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new Error('there is none');
  return item;
}

function dropEvent(view: Mutable<DatabaseView>, entries: Mutable<Evidence>['entries'], number: number): void {
  view.events = view.events.filter(({ mark }) => mark !== entries[number]?.mark);
}

function dropToken(view: Mutable<DatabaseView>, name: string): void {
  view.tokens = view.tokens.filter((token) => token.name !== name);
}

function changeUses(uses: Map<string, Uses>, change: (uses: Uses) => Uses): void {
  for (const [tokenId, each] of uses) uses.set(tokenId, change(each));
}
