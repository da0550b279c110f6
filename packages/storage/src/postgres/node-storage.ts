import type { Change, NodeRow, NodeStorage } from '@postern/core';
import { type PrimaryPool, withClient } from './connection.ts';
import { CHANNEL, type NotificationSeal, sealed } from './notification.ts';

/** With more changes than this to apply, memory is emptied instead. */
const CHANGES_MAX = 10_000;

/** PostgreSQL takes no notification of 8,000 bytes; with more rows than this, none of them is told. */
const TOLD_MAX = 12;
const CHANGE = `position, nonce, organization_id as "organizationId",
  organization_position as "organizationPosition", kind, subject_id as "subjectId"`;

/** Whatever the default is: what is told of a node must survive a failover. Settles it for the statement that it stands in. */
const DURABLY = `set_config('synchronous_commit', 'on', true)`;
/** For what may be forgotten: the statement that it stands in waits for no disk and no standby. */
const FLEETINGLY = `set_config('synchronous_commit', 'off', true)`;
/** Whether the log has the row of that position and nonce, `$2` and `$3`. */
const HAS_APPLIED = '($2::bigint = 0 or exists (select from change_log where position = $2 and nonce = $3))';
const DATABASE_NOW = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

export interface NodeStorageOptions {
  /** For this process's own row: not delayed by what others do. */
  readonly own: PrimaryPool;
  /** For looking at all rows, as writers do while they wait. */
  readonly all: PrimaryPool;
  /** The address is a pooler's: no statement is prepared. */
  readonly pooled: boolean;
  /** Text that tells the database's history from any other, as a statement has it; null where the server does not say. */
  readonly history: string | null;
  readonly seal: NotificationSeal;
  /** Up to when this process has reported its use. */
  readonly usageCompleteUntil: () => number;
}

export interface PostgresNodeStorage extends NodeStorage {
  /** Tells all listeners that this node has committed, and what the log has from the position on; null = nothing is told of that. */
  notify(nodeId: string, from: number | null): Promise<void>;
}

/** The nodes and the change log, for core's lease. Each call is one statement, and so a transaction of its own. */
export function createNodeStorage({
  own,
  all,
  pooled,
  history,
  seal,
  usageCompleteUntil,
}: NodeStorageOptions): PostgresNodeStorage {
  const current = history ?? 'null::text';
  /** A row that was made in another history says nothing in this one; one that names none counts in all. */
  const isOfThisHistory = `coalesce(node.history = ${current}, true)`;

  /** Prepared once per connection: others wait for each of them. */
  async function query<Row>(
    pool: PrimaryPool,
    name: keyof PostgresNodeStorage,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const prepared = pooled ? {} : { name: `node-${name}` };
    const asked = { ...prepared, text, values: [...values] };
    return withClient(pool, async (client) => (await client.query(asked)).rows as Row[]);
  }

  return {
    async join(nodeId) {
      await query(
        own,
        'join',
        `insert into node (id, acked, renewals, joined_at, renewed_at, usage_complete_until, history)
         select $1, 0, 0, ${DATABASE_NOW}, ${DATABASE_NOW}, $2::bigint, ${current}
         from (select ${DURABLY} as setting) as durably where setting = 'on'`,
        [nodeId, usageCompleteUntil()],
      );
    },

    async readHead() {
      const [head] = await query<{ position: number; nonce: string }>(
        own,
        'readHead',
        'select position, nonce from change_log order by position desc limit 1',
      );
      return head ?? { position: 0, nonce: '' };
    },

    async renew(nodeId, { position, nonce }) {
      const [row] = await query<{ renewed: boolean; now: number }>(
        own,
        'renew',
        `with renewed as (
           update node set renewals = renewals + 1, acked = $2, renewed_at = ${DATABASE_NOW}
           where id = $1 and ${isOfThisHistory} and ${HAS_APPLIED}
           returning id
         )
         select exists (select from renewed) as renewed, ${DATABASE_NOW} as now, ${DURABLY} as durably`,
        [nodeId, position, nonce],
      );
      return { renewed: row?.renewed ?? false, databaseNow: row?.now ?? 0 };
    },

    async acknowledge(nodeId, { position, nonce }) {
      const [row] = await query<{ acknowledged: boolean }>(
        own,
        'acknowledge',
        `with acknowledged as (
           update node set acked = $2 where id = $1 and ${isOfThisHistory} and ${HAS_APPLIED} returning id
         )
         select exists (select from acknowledged) as acknowledged, ${FLEETINGLY} as fleetingly`,
        [nodeId, position, nonce],
      );
      return row?.acknowledged ?? false;
    },

    async readChanges(after) {
      const rows = await query<Change>(
        own,
        'readChanges',
        `select ${CHANGE} from change_log where position >= $1 order by position limit ${CHANGES_MAX + 1}`,
        [after.position],
      );
      if (rows.length > CHANGES_MAX) return undefined;
      const isStart = after.position === 0;
      if (!isStart && (rows[0]?.position !== after.position || rows[0].nonce !== after.nonce)) return undefined;
      const changes = isStart ? rows : rows.slice(1);
      return changes.every((change, index) => change.position === after.position + index + 1) ? changes : undefined;
    },

    async listNodes() {
      const rows = await query<{ position: number | null; nonce: string | null } & Partial<NodeRow>>(
        all,
        'listNodes',
        `select head.position, head.nonce, node.id, node.renewals,
           case when ${isOfThisHistory} then node.acked else 0 end as acked
         from (select 1) as always
         left join (select position, nonce from change_log order by position desc limit 1) as head on true
         left join node on true`,
      );
      const nodes = rows.flatMap(({ id, acked, renewals }) =>
        id == null || acked == null || renewals == null ? [] : [{ id, acked, renewals }],
      );
      return { head: { position: rows[0]?.position ?? 0, nonce: rows[0]?.nonce ?? '' }, nodes };
    },

    async notify(nodeId, from) {
      await query(
        all,
        'notify',
        `select pg_notify('${CHANNEL}', ${sealed('notification.text', '$3', '$4')})
         from (
           select json_build_object('nodeId', $1::text, 'changes', (
             select case when count(*) <= ${TOLD_MAX} then coalesce(json_agg(told order by told.position), '[]') else '[]' end
             from (
               select ${CHANGE} from change_log where position >= $2::bigint order by position limit ${TOLD_MAX + 1}
             ) as told
           ))::text as text
         ) as notification`,
        [nodeId, from, seal.inner, seal.outer],
      );
    },

    async fence(nodeId, renewals) {
      await query(all, 'fence', 'delete from node where id = $1 and renewals = $2', [nodeId, renewals]);
    },

    async leave(nodeId) {
      await query(own, 'leave', 'delete from node where id = $1', [nodeId]);
    },
  };
}
