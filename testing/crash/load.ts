import { randomBytes } from 'node:crypto';
import { createHttpClient, type HttpClient } from '../http-client.ts';
import type { Random } from '../random.ts';
import { judge } from './check.ts';
import type { Finding } from './finding.ts';
import { conclusiveAnswer, type Entry, type Intent, type Journal } from './journal.ts';
import {
  type AccountModel,
  apply,
  expect,
  type Model,
  retiringValue,
  type TokenModel,
  type ValueModel,
} from './model.ts';
import { perform } from './request.ts';
import { type UseCounter, verify } from './verification.ts';

/** Clients that change accounts and tokens as fast as they are answered, and verifiers that ask about the values meanwhile. */

export interface LoadOptions {
  /** Of all nodes. */
  readonly urls: readonly string[];
  readonly adminToken: string;
  readonly journal: Journal;
  /** As the last check left it; the clients keep it up to date with what is answered. */
  readonly model: Model;
  readonly uses: UseCounter;
  readonly random: Random;
  readonly round: number;
}

export interface Load {
  /** Resolves with the first answer to a mutation. */
  readonly answered: Promise<void>;
  /** Resolves when every client has got its last answer, or lost its connection. */
  stop(): Promise<readonly Finding[]>;
}

const CLIENTS = 4;
const VERIFIERS = 2;
const ACCOUNTS_PER_CLIENT = 3;
const TOKENS_PER_ACCOUNT = 4;
const KEY_BYTES = 24;

export function startLoad(options: LoadOptions): Load {
  const findings: Finding[] = [];
  let isOver = false;
  const answered = Promise.withResolvers<void>();
  const clients = options.urls.map((url) => createHttpClient(url, options.adminToken, 2 * CLIENTS + VERIFIERS));
  const shared = {
    ...options,
    clients,
    isOver: () => isOver,
    onAnswer: answered.resolve,
    report: (found: Finding[]) => void findings.push(...found),
  };
  const working = [
    ...Array.from({ length: CLIENTS }, (_, index) => mutate({ ...shared, random: options.random.fork() }, index)),
    ...Array.from({ length: VERIFIERS }, (_, index) =>
      keepVerifying({ ...shared, random: options.random.fork() }, index),
    ),
  ];
  return {
    answered: answered.promise,
    async stop() {
      isOver = true;
      await Promise.all(working);
      for (const client of clients) client.close();
      return findings;
    },
  };
}

interface Worker extends LoadOptions {
  /** One for each node. */
  readonly clients: readonly HttpClient[];
  isOver(): boolean;
  onAnswer(): void;
  report(findings: Finding[]): void;
}

function nodeOf({ clients }: Worker, index: number): HttpClient {
  return clients[index % clients.length] as HttpClient;
}

/** One client: one mutation after the other, now and then two at once (at two nodes), until an answer is missing. */
async function mutate(worker: Worker, index: number): Promise<void> {
  const { clients, journal, random, round } = worker;
  const note = (intent: Intent, more: Partial<Pick<Entry, 'idempotencyKey' | 'retryOf' | 'race'>> = {}): Entry =>
    journal.note({ round, client: index, intent, idempotencyKey: null, retryOf: null, race: null, ...more });

  while (!worker.isOver()) {
    const intent = chooseIntent(worker, index);
    touch(worker, intent);
    const isRace = intent.kind === 'token.refresh' && intent.overlapSeconds === 0 && random.chance(0.05);
    const first = note(intent, {
      idempotencyKey: chooseKey(intent, random),
      race: isRace ? journal.entries.length : null,
    });
    const entries = isRace ? [first, note(intent, { race: first.race })] : [first];
    const knew = valuesOf(worker.model, intent);
    await Promise.all(entries.map((entry, at) => perform(nodeOf(worker, index + at), entry)));
    if (first.answer) worker.onAnswer();
    // Where only the check can tell what became of it, the account stays under way.
    if (isRace || !settle(worker, first)) return;
    touch(worker, intent);
    if (first.idempotencyKey !== null && random.chance(0.2)) {
      const again = note(intent, { idempotencyKey: first.idempotencyKey, retryOf: first.number });
      await perform(random.pick(clients), again);
      if (!conclusiveAnswer(again)) return;
    }
    const concerned = [...knew, ...valuesOf(worker.model, intent, first)];
    if (concerned.length > 0 && random.chance(0.6))
      await verifyOne(worker, random.pick(concerned), random.pick(clients));
  }
}

/** Does to the model what was answered. False when only the check can tell what became of it. */
function settle({ model }: Worker, entry: Entry): boolean {
  const { intent, client, sentAt } = entry;
  const answer = conclusiveAnswer(entry);
  if (!answer) return false;
  const during = { earliest: sentAt, latest: answer.at };
  const expected = expect(model, intent, during);
  if (expected.length !== 1) return false;
  const [only] = expected;
  if (only === 'done' && answer.status < 400) {
    const id = answer.tokenId ?? answer.accountId ?? ('tokenId' in intent ? intent.tokenId : '');
    apply(model, intent, { id, value: answer.value, client, during });
    return true;
  }
  // Anything unexpected ends this client's round; the check says what is wrong.
  return only === (answer.code ?? 'nothing');
}

function touch({ model }: Worker, intent: Intent): void {
  const account = 'accountId' in intent ? model.accounts.get(intent.accountId) : undefined;
  if (account) account.revision += 1;
}

function valuesOf(model: Model, intent: Intent, entry?: Entry): readonly ValueModel[] {
  const made = entry?.answer?.tokenId;
  const tokenId = made ?? ('tokenId' in intent ? intent.tokenId : undefined);
  const account = 'accountId' in intent ? model.accounts.get(intent.accountId) : undefined;
  const tokens = tokenId === undefined ? (account?.tokens ?? []) : [model.tokens.get(tokenId)];
  return tokens.flatMap((token) => (token ? token.values.slice(-3) : [])).filter(({ value }) => value !== null);
}

async function keepVerifying(worker: Worker, index: number): Promise<void> {
  while (!worker.isOver()) {
    const tokens = [...worker.model.tokens.values()];
    if (tokens.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    const known = worker.random.pick(tokens).values.filter(({ value }) => value !== null);
    if (known.length === 0) await new Promise((resolve) => setImmediate(resolve));
    else if (!(await verifyOne(worker, worker.random.pick(known), nodeOf(worker, index)))) return;
  }
}

/** Verifies the value and judges the verdict, unless its account was being changed meanwhile. False when no answer came. */
async function verifyOne(worker: Worker, value: ValueModel, client: HttpClient): Promise<boolean> {
  const { account } = value.token;
  const before = { revision: account.revision, ended: value.retired || value.token.deleted };
  const verdict = await verify(client, value, worker.random, worker.uses);
  if (!verdict) return false;
  // What had ended before the question must not be valid, whatever is going on; what was valid may have ended meanwhile.
  const isAtRest = before.revision % 2 === 0 && before.revision === account.revision;
  if (before.ended || isAtRest) worker.report(judge(value, verdict));
  return true;
}

function chooseKey(intent: Intent, random: Random): string | null {
  const canRepeat =
    intent.kind === 'account.create' || intent.kind === 'token.create' || intent.kind === 'token.refresh';
  // A repeated request must still be valid: one with an expiry may not be.
  const isTimeless = !('expiresAt' in intent) || intent.expiresAt === null;
  return canRepeat && isTimeless && random.chance(0.6) ? randomBytes(KEY_BYTES).toString('base64url') : null;
}

function chooseIntent({ model, random, round, journal }: Worker, index: number): Intent {
  const name = `${round}-${index}-${journal.entries.length}`;
  const own = [...model.accounts.values()].filter(({ owner }) => owner === index);
  const living = own.filter(({ status }) => status !== 'deleted');
  const ended = own.filter(({ status }) => status === 'deleted');
  if (living.length < ACCOUNTS_PER_CLIENT || random.chance(0.02)) return { kind: 'account.create', name };
  // Now and then something that is gone.
  const account = ended.length > 0 && random.chance(0.03) ? random.pick(ended) : random.pick(living);
  const tokens = account.tokens.filter((token) => !token.deleted);
  if (tokens.length < TOKENS_PER_ACCOUNT && random.chance(0.6)) {
    return { kind: 'token.create', accountId: account.id, name, expiresAt: chooseExpiry(random) };
  }
  if (tokens.length > 0 && random.chance(0.75)) {
    const gone = account.tokens.filter((token) => token.deleted);
    const token = gone.length > 0 && random.chance(0.05) ? random.pick(gone) : random.pick(tokens);
    return chooseTokenIntent(account, token, name, random);
  }
  return chooseAccountIntent(account, living.length, name, random);
}

function chooseTokenIntent({ id: accountId }: AccountModel, token: TokenModel, name: string, random: Random): Intent {
  const of = { accountId, tokenId: token.id };
  const chance = random.fraction();
  if (chance < 0.25) {
    return { kind: 'token.refresh', ...of, expiresAt: chooseExpiry(random), overlapSeconds: 0 };
  }
  if (chance < 0.5) {
    return { kind: 'token.refresh', ...of, expiresAt: chooseExpiry(random), overlapSeconds: random.pick([1, 3_600]) };
  }
  if (chance < 0.6) return { kind: 'token.end_overlap', ...of };
  if (chance < 0.75) return { kind: 'token.rename', ...of, name };
  const presented = random.pick([token.values.at(-1), retiringValue(token) ?? token.values.at(-1)]);
  if (chance < 0.85 && typeof presented?.value === 'string') {
    return { kind: 'token.give_up', ...of, value: presented.value, route: random.pick(['me', 'oauth']) };
  }
  return { kind: 'token.delete', ...of };
}

function chooseAccountIntent({ id: accountId }: AccountModel, living: number, name: string, random: Random): Intent {
  const chance = random.fraction();
  if (chance < 0.25) return { kind: 'account.disable', accountId };
  if (chance < 0.5) return { kind: 'account.enable', accountId };
  if (chance < 0.65) return { kind: 'account.rename', accountId, name };
  if (chance < 0.8) return { kind: 'tokens.delete', accountId };
  if (chance < 0.92 || living === 1) return { kind: 'tokens.revoke', accountId };
  return { kind: 'account.delete', accountId };
}

function chooseExpiry(random: Random): number | null {
  const chance = random.fraction();
  if (chance < 0.7) return null;
  return Date.now() + (chance < 0.85 ? 1_500 : 3_600_000);
}
