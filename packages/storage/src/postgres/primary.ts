import { Socket } from 'node:net';
import { DomainError, parseDatabaseUrl } from '@postern/core';
import { Client, type ClientBase, type ClientConfig, DatabaseError } from 'pg';
import { keepSocket } from './socket.ts';

/** Which server of a list is the primary, as far as is known; all connections of a storage are made to it. */
export interface Primary {
  /** Asks all servers where it is not known which of them takes writes. Throws when none does, or none answers. */
  locate(): Promise<void>;
  /** A client of that server, not connected yet. Its `connect` fails at a standby, and at a former primary. */
  createClient(config: ClientConfig): Client;
  /** For a pool. */
  readonly Client: new (
    config?: ClientConfig,
  ) => Client;
  /** Whether it has to be located before the next connection. */
  isLost(): boolean;
  /** False for a connection to a server that another has taken the place of, though it may still answer. */
  isCurrent(client: ClientBase): boolean;
  /** Whether the servers say which history is theirs, as `HISTORY` has it. */
  tellsHistory(): boolean;
  /** Calls back when another server has become the primary. */
  onMove(listener: () => void): void;
}

/** A server's history: it goes on to the next timeline when a standby is promoted. */
interface History {
  readonly system: string;
  readonly timeline: number;
}

/** The same in a statement: text that no other history has. Fails where a server does not tell. */
export const HISTORY = `(
  select system_identifier || ' ' || left(pg_walfile_name(pg_current_wal_lsn()), 8) from pg_control_system()
)`;

/** Where a server does not tell, as some that only speak PostgreSQL's protocol: no two are told apart. */
const UNTOLD: History = { system: '', timeline: 0 };
/** What those answer: there is no such function, it may not be called, or not here. */
const NOT_TOLD: ReadonlySet<string | undefined> = new Set(['42883', '42501', '0A000']);

/**
 * `url` may name several servers. Of those that take writes, the one on the newest timeline is the primary; a server on an
 * older one than was ever seen here was the primary once, whatever it says of itself, and is not used.
 */
export function createPrimary(url: string, asking: ClientConfig): Primary {
  const urls = parseDatabaseUrl(url) ?? [url];
  const histories = new WeakMap<ClientBase, History>();
  const listeners: (() => void)[] = [];
  let newest: History | undefined;
  let current = urls.length === 1 ? urls[0] : undefined;
  let locating: Promise<void> | undefined;

  function forget(lost: string): void {
    if (urls.length > 1 && current === lost) current = undefined;
  }

  function isOlder({ system, timeline }: History): boolean {
    return newest !== undefined && newest.system === system && timeline < newest.timeline;
  }

  function see(history: History): void {
    const before = newest;
    newest = history;
    if (before && !isSame(before, history)) for (const listener of listeners) listener();
  }

  async function admit(client: ClientBase): Promise<void> {
    const history = await readHistory(client);
    if (isOlder(history)) throw unavailable('the server is a former primary');
    histories.set(client, history);
    see(history);
  }

  class PrimaryClient extends Client {
    constructor(config?: ClientConfig) {
      const chosen = current ?? urls[0] ?? url;
      const socket = new Socket();
      super({ ...config, connectionString: chosen, stream: () => socket });
      keepSocket(this, socket);
      this.#url = chosen;
      // It may break at any time; whoever uses it next, or at that moment, hears of it from the query.
      this.on('error', () => undefined);
    }
    readonly #url: string;

    override connect(): Promise<Client>;
    override connect(done: (error: Error | null, client?: Client) => void): void;
    override connect(done?: (error: Error | null, client?: Client) => void): unknown {
      const connected = this.#connect();
      if (!done) return connected;
      return void connected.then(
        () => done(null, this),
        (error: Error) => done(error),
      );
    }

    async #connect(): Promise<Client> {
      try {
        await super.connect();
        await admit(this).catch(async (error: unknown) => {
          await this.end().catch(() => undefined);
          throw error;
        });
        return this;
      } catch (error) {
        if (isGone(error)) forget(this.#url);
        throw error;
      }
    }
  }

  async function ask(each: string): Promise<{ url: string; history: History }> {
    const client = new Client({ ...asking, connectionString: each });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return { url: each, history: await readHistory(client) };
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async function askAll(): Promise<void> {
    const answers = await Promise.allSettled(urls.map(ask));
    const [best] = answers
      .flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
      .filter(({ history }) => !isOlder(history))
      .sort((a, b) => b.history.timeline - a.history.timeline);
    if (best) {
      see(best.history);
      current = best.url;
      return;
    }
    const reasons = answers.map((answer) =>
      answer.status === 'rejected' ? textOf(answer.reason) : 'a former primary',
    );
    throw unavailable(`none of ${urls.length} servers takes writes: ${reasons.join('; ')}`);
  }

  return {
    async locate() {
      if (current !== undefined) return;
      locating ??= askAll().finally(() => {
        locating = undefined;
      });
      await locating;
    },
    createClient: (config) => new PrimaryClient(config),
    Client: PrimaryClient,
    isLost: () => current === undefined,
    isCurrent(client) {
      const history = histories.get(client);
      return history !== undefined && newest !== undefined && isSame(history, newest);
    },
    tellsHistory: () => newest !== undefined && newest !== UNTOLD,
    onMove: (listener) => void listeners.push(listener),
  };
}

/** Throws when the server is a standby: it cannot be written to. */
async function readHistory(client: ClientBase): Promise<History> {
  const { rows } = await client.query('select pg_is_in_recovery() as standby');
  if (rows[0]?.standby === true) throw unavailable('the server is a standby');
  try {
    // The first eight digits of a WAL file's name are the timeline.
    const told = await client.query<{ system: string; wal: string }>(
      `select system_identifier::text as system, pg_walfile_name(pg_current_wal_lsn()) as wal from pg_control_system()`,
    );
    const { system = '', wal = '' } = told.rows[0] ?? {};
    return { system, timeline: Number.parseInt(wal.slice(0, 8), 16) };
  } catch (error) {
    if (error instanceof DatabaseError && NOT_TOLD.has(error.code)) return UNTOLD;
    throw error;
  }
}

/** Whether that server is not to be asked first again: not so when it is only full, or refuses the password. */
function isGone(error: unknown): boolean {
  return !(error instanceof DatabaseError) || error.code?.startsWith('57') === true;
}

function isSame(a: History, b: History): boolean {
  return a.system === b.system && a.timeline === b.timeline;
}

function unavailable(internal: string): DomainError {
  return new DomainError('storage.unavailable', { internal, retryAfterSeconds: 1 });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
