import type { DBAdapter, Where } from 'better-auth';
import { currentCall, type TouchedSession } from './call.ts';

/** Of each kind of row, what whoever knows it may use. The database holds a keyed hash in its place. */
const SECRETS: Readonly<Record<string, string>> = { session: 'token', verification: 'identifier' };
/** What a provider gives away about a person, beyond who it is. */
const NOT_KEPT = ['accessToken', 'refreshToken', 'idToken', 'accessTokenExpiresAt', 'refreshTokenExpiresAt', 'scope'];

/** Accounts of nobody. */
const NOBODYS: Where[] = [{ field: 'userId', value: '' }];

type Row = Record<string, unknown>;

/**
 * The library's database adapter, such that neither reading nor writing the database gives a session or a reset: rows are
 * found by the keyed hash of what a client presents, and by nothing else. It also notes on the current call what became of
 * sessions.
 */
export function protectAdapter(adapter: DBAdapter, digest: (model: string, secret: string) => string): DBAdapter {
  function hide<Data extends Row>(model: string, data: Data): Data {
    const hidden: Row = { ...data };
    const field = SECRETS[model];
    if (field !== undefined && typeof hidden[field] === 'string') hidden[field] = digest(model, hidden[field]);
    if (model === 'account') for (const name of NOT_KEPT) delete hidden[name];
    return hidden as Data;
  }

  function hideIn(model: string, where: readonly Where[]): Where[] {
    return where.map((condition) => {
      if (condition.field !== SECRETS[model]) return condition;
      const { value } = condition;
      const hidden = Array.isArray(value)
        ? value.map((item) => digest(model, String(item)))
        : digest(model, String(value));
      return { ...condition, value: hidden };
    });
  }

  /** Whoever asked by a secret sees it in the answer; nobody else does. */
  function show<Found>(model: string, found: Found, secret: unknown): Found {
    const field = SECRETS[model];
    return field !== undefined && typeof secret === 'string' && found ? { ...found, [field]: secret } : found;
  }

  function presented(model: string, where: readonly Where[] | undefined): unknown {
    return where?.find(({ field, operator = 'eq' }) => field === SECRETS[model] && operator === 'eq')?.value;
  }

  const protectedAdapter: DBAdapter = {
    ...adapter,
    async create<Data extends Row, Made = Data>(input: Parameters<DBAdapter['create']>[0]) {
      const { model, data } = input;
      const made = await adapter.create<Row, Row>({ ...input, data: hide(model, data) });
      if (model === 'session') currentCall()?.made.push(made as unknown as TouchedSession);
      return show(model, made, data[SECRETS[model] ?? '']) as Made;
    },
    async findOne<Found>(input: Parameters<DBAdapter['findOne']>[0]) {
      const { model, where } = input;
      const found = await adapter.findOne<Row>({ ...input, where: hideIn(model, where) });
      // A known person's passwords are looked up besides: how long it takes must not tell an unknown one.
      if (!found && input.join?.['account']) await adapter.findMany({ model: 'account', where: NOBODYS });
      const call = currentCall();
      if (model === 'user' && call && found) call.userId = String(found['id']);
      return show(model, found, presented(model, where)) as Found | null;
    },
    async findMany<Found>(input: Parameters<DBAdapter['findMany']>[0]) {
      const { model, where = [] } = input;
      const found = await adapter.findMany<Found>({ ...input, where: hideIn(model, where) });
      return found.map((row) => show(model, row, presented(model, where)));
    },
    count: (input) => adapter.count({ ...input, where: hideIn(input.model, input.where ?? []) }),
    async update<Updated>(input: Parameters<DBAdapter['update']>[0]) {
      const { model, where, update } = input;
      const updated = await adapter.update<Updated>({
        model,
        where: hideIn(model, where),
        update: hide(model, update),
      });
      return show(model, updated, presented(model, where));
    },
    updateMany: ({ model, where, update }) =>
      adapter.updateMany({ model, where: hideIn(model, where), update: hide(model, update) }),
    async delete({ model, where }) {
      // Says which row it was, if any.
      const ended = await adapter.consumeOne<TouchedSession>({ model, where: hideIn(model, where) });
      if (model === 'session' && ended) currentCall()?.ended.push(ended);
    },
    async deleteMany({ model, where }) {
      const count = await adapter.deleteMany({ model, where: hideIn(model, where) });
      const call = currentCall();
      if (model === 'session' && call) call.endedTogether ||= count > 0;
      return count;
    },
    async consumeOne<Found>({ model, where }: Parameters<DBAdapter['consumeOne']>[0]) {
      const found = await adapter.consumeOne<Found>({ model, where: hideIn(model, where) });
      return show(model, found, presented(model, where));
    },
    incrementOne: (input) => adapter.incrementOne({ ...input, where: hideIn(input.model, input.where) }),
    // Each statement is a transaction of its own.
    transaction: (work) => work(protectedAdapter),
  };
  return protectedAdapter;
}
