import type { Intent } from './journal.ts';

/** What the accounts and tokens of the load must be like, by what was done to them. */

export interface Model {
  readonly accounts: Map<string, AccountModel>;
  readonly tokens: Map<string, TokenModel>;
}

export interface AccountModel {
  readonly id: string;
  /** The client of the load that made it and alone changes it. */
  readonly owner: number;
  name: string;
  status: 'active' | 'disabled' | 'deleted';
  readonly tokens: TokenModel[];
  /** One more whenever the load asks for a change, and whenever it is settled: odd while one is under way. */
  revision: number;
}

export interface TokenModel {
  readonly id: string;
  readonly account: AccountModel;
  name: string;
  deleted: boolean;
  expiresAt: number | null;
  /** One per generation, the first one first. */
  readonly values: ValueModel[];
}

export interface ValueModel {
  readonly token: TokenModel;
  readonly generation: number;
  /** null: made, but its answer never came. */
  value: string | null;
  /** It ended for good. */
  retired: boolean;
  /** When it ends by itself; an overlap's end is known to the length of its request. */
  ends: Range | null;
}

export interface Range {
  readonly earliest: number;
  readonly latest: number;
}

/** Facts of a mutation that was done. */
export interface Effect {
  readonly id: string;
  readonly value: string | null;
  readonly client: number;
  /** Between these two times it was committed. */
  readonly during: Range;
}

/** How a request must end: done, nothing to do, or refused with a code; several where only a clock could tell. */
export type Expectation = 'done' | 'nothing' | (string & {});

/** How far clocks and the moment of a verdict may be apart. */
const MARGIN_MS = 250;

export function createModel(): Model {
  return { accounts: new Map(), tokens: new Map() };
}

/** What must become of the request, things being as they are. */
export function expect(model: Model, intent: Intent, during: Range): readonly Expectation[] {
  const expected = expectInTime(model, intent, during);
  const expiresAt = 'expiresAt' in intent ? intent.expiresAt : null;
  // On a machine that stood still, the expiry that it asks for may have passed before it was read.
  return expiresAt !== null && expiresAt <= during.latest ? [...expected, 'request.invalid'] : expected;
}

function expectInTime(model: Model, intent: Intent, during: Range): readonly Expectation[] {
  if (intent.kind === 'account.create') return ['done'];
  const account = model.accounts.get(intent.accountId);
  const isGone = account === undefined || account.status === 'deleted';
  switch (intent.kind) {
    case 'account.rename':
    case 'account.delete':
      return [isGone ? 'service_account.not_found' : 'done'];
    case 'account.disable':
    case 'account.enable': {
      if (isGone) return ['service_account.not_found'];
      const wanted = intent.kind === 'account.disable' ? 'disabled' : 'active';
      return [account.status === wanted ? 'nothing' : 'done'];
    }
    case 'token.create':
      if (isGone) return ['service_account.not_found'];
      return [account.status === 'disabled' ? 'service_account.disabled' : 'done'];
    case 'tokens.delete':
    case 'tokens.revoke':
      if (isGone) return ['service_account.not_found'];
      return [account.tokens.some((token) => !token.deleted) ? 'done' : 'nothing'];
  }
  const token = model.tokens.get(intent.tokenId);
  if (intent.kind === 'token.give_up') {
    const value = token?.values.find((each) => each.value === intent.value);
    const refused = intent.route === 'me' ? 'token.invalid' : 'nothing';
    return fromLiveness(value && liveness(value, during), 'done', refused);
  }
  if (!token || token.deleted) return ['token.not_found'];
  if (intent.kind === 'token.end_overlap') return fromLiveness(retiringLiveness(token, during), 'done', 'nothing');
  if (intent.kind === 'token.refresh' && intent.overlapSeconds > 0) {
    return fromLiveness(retiringLiveness(token, during), 'token.overlap_in_progress', 'done');
  }
  return ['done'];
}

function fromLiveness(
  live: 'live' | 'dead' | 'unsure' | undefined,
  whenLive: Expectation,
  whenDead: Expectation,
): readonly Expectation[] {
  if (live === 'unsure') return [whenLive, whenDead];
  return [live === 'live' ? whenLive : whenDead];
}

/** Does to the model what was done. */
export function apply(model: Model, intent: Intent, { id, value, client, during }: Effect): void {
  if (intent.kind === 'account.create') {
    model.accounts.set(id, { id, owner: client, name: intent.name, status: 'active', tokens: [], revision: 0 });
    return;
  }
  const account = model.accounts.get(intent.accountId);
  if (!account) return;
  switch (intent.kind) {
    case 'account.rename':
      account.name = intent.name;
      return;
    case 'account.enable':
      account.status = 'active';
      return;
    case 'account.disable':
    case 'account.delete':
    case 'tokens.delete':
    case 'tokens.revoke':
      for (const token of account.tokens) token.deleted = true;
      if (intent.kind === 'account.disable') account.status = 'disabled';
      if (intent.kind === 'account.delete') account.status = 'deleted';
      return;
    case 'token.create': {
      const token = { id, account, name: intent.name, deleted: false, expiresAt: intent.expiresAt, values: [] };
      addValue(token, value);
      account.tokens.push(token);
      model.tokens.set(id, token);
      return;
    }
  }
  const token = model.tokens.get(intent.tokenId);
  if (!token) return;
  switch (intent.kind) {
    case 'token.rename':
      token.name = intent.name;
      return;
    case 'token.delete':
    case 'token.give_up':
      token.deleted = true;
      return;
    case 'token.end_overlap':
      for (const each of token.values.slice(0, -1)) each.retired = true;
      return;
    case 'token.refresh': {
      for (const [index, each] of token.values.entries()) {
        const isCurrent = index === token.values.length - 1;
        if (isCurrent && intent.overlapSeconds > 0) {
          // Neither its own end nor the token's new one is outlived.
          each.ends = sooner(sooner(each.ends, overlap(during, intent)), endAt(intent.expiresAt));
        } else each.retired = true;
      }
      token.expiresAt = intent.expiresAt;
      addValue(token, value);
    }
  }
}

/** Whether the value must be found valid by a verification that began and ended then. */
export function liveness({ token, retired, ends }: ValueModel, during: Range): 'live' | 'dead' | 'unsure' {
  if (retired || token.deleted || token.account.status !== 'active') return 'dead';
  if (!ends || during.latest + MARGIN_MS < ends.earliest) return 'live';
  return during.earliest - MARGIN_MS > ends.latest ? 'dead' : 'unsure';
}

/** The value before the current one, while nothing but the clock ends it. */
export function retiringValue({ values }: TokenModel): ValueModel | undefined {
  const before = values.at(-2);
  return before && !before.retired ? before : undefined;
}

function retiringLiveness(token: TokenModel, during: Range): 'live' | 'dead' | 'unsure' {
  const retiring = retiringValue(token);
  return retiring ? liveness(retiring, during) : 'dead';
}

function addValue(token: TokenModel, value: string | null): void {
  const { values, expiresAt } = token;
  values.push({ token, generation: values.length + 1, value, retired: false, ends: endAt(expiresAt) });
}

function endAt(time: number | null): Range | null {
  return time === null ? null : { earliest: time, latest: time };
}

function overlap({ earliest, latest }: Range, { overlapSeconds }: { readonly overlapSeconds: number }): Range {
  return { earliest: earliest + overlapSeconds * 1_000, latest: latest + overlapSeconds * 1_000 };
}

function sooner<End extends Range | null>(one: Range | null, other: End): End | Range {
  if (!one) return other;
  if (!other) return one;
  return { earliest: Math.min(one.earliest, other.earliest), latest: Math.min(one.latest, other.latest) };
}
