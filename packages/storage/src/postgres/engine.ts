import { DomainError } from '@postern/core';
import type { CompiledQuery, Kysely } from 'kysely';
import { type ClientBase, escapeLiteral } from 'pg';
import { type Engine, handled, isRefusal, type NewChange, type Work } from '../engine.ts';
import type { Schema } from '../schema.ts';
import {
  type ClientConnection,
  connectionOn,
  createKysely,
  kyselyOnConnection,
  type PrimaryPool,
  withClient,
} from './connection.ts';
import { isConnectionLoss, translateCommitError, translatePostgresError, unconfirmed } from './error.ts';
import { jsonRows } from './json-rows.ts';

/**
 * PostgreSQL behind a pool: each transaction on a connection of its own, READ COMMITTED; begun by that statement. What does
 * not hang on an answer is sent without waiting for it: while a transaction has its lock, others wait for it.
 */
export function createPostgresEngine(pool: PrimaryPool, begin = 'begin'): Engine {
  return {
    db: createKysely(pool),
    jsonRows,
    locksRows: true,
    transact: (work, lock) => withClient(pool, (client) => transact(connectionOn(client), { begin, work, lock })),
  };
}

type Connection = ClientConnection<ClientBase>;

/** Before anything was done, the lock included. */
const UNTOUCHED = 'untouched';

interface Transaction<Value, Row> {
  readonly begin: string;
  readonly lock: CompiledQuery<Row> | undefined;
  work(db: Kysely<Schema>, locked: Promise<readonly Row[]>): Promise<Work<Value>>;
}

async function transact<Value, Row>(
  connection: Connection,
  { begin, work, lock }: Transaction<Value, Row>,
): Promise<Value> {
  const began = handled(connection.send(lock ? `${begin}; savepoint ${UNTOUCHED}` : begin));
  const locked = lock ? connection.executeQuery<Row>(lock).then(({ rows }) => rows) : Promise.resolve([]);
  try {
    const done = await work(kyselyOnConnection(connection), handled(locked));
    await began;
    await commit(connection, done);
    return done.value;
  } catch (failure) {
    // Where it has not begun, whatever failed after that says no more than this.
    const error = await began.then(() => failure, translatePostgresError);
    if (lock && isRefusal(error)) await commitNothing(connection);
    else if (!isConnectionLoss(error)) await connection.send('rollback');
    // Queries fail with errors of the domain; anything else is a bug of ours.
    if (error instanceof DomainError) throw error;
    throw new DomainError('internal', {
      internal: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

/**
 * Takes the positions, appends the changes and commits in one message: between the counter and the commit there is no
 * moment at which a process could stand still and hold the counter. The writes go before it, and nobody waits for their
 * answers: where one has failed, that message commits nothing.
 */
async function commit(connection: Connection, { writes = [], changes }: Work<unknown>): Promise<void> {
  const sent = [
    ...writes.map((write) => connection.executeQuery(write)),
    sendCommit(connection, changes.length === 0 ? 'commit' : `${appendStatement(changes)}; commit`),
  ];
  const failed = (await Promise.allSettled(sent)).flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  if (failed.length === 0) return;
  // Of the ones after it, each says only that one before has failed.
  throw translateCommitError(failed.find((error) => !isConnectionLoss(error)) ?? failed.at(-1));
}

/**
 * Ends a transaction that is refused: it commits, but nothing. That waits for the standby like any commit, because a row
 * was locked in it; and on the very server that showed what the refusal tells, whatever lies between that server and us. A
 * former primary, which may show what no other server has, has no standby to confirm it. Throws `storage.unavailable`.
 */
async function commitNothing(connection: Connection): Promise<void> {
  try {
    await sendCommit(connection, `rollback to savepoint ${UNTOUCHED}; commit`);
  } catch (error) {
    throw unconfirmed(error);
  }
}

async function sendCommit({ client, send }: Connection, message: string): Promise<void> {
  let unsure: string | undefined;
  // A standby that has not confirmed is a warning only, though a failover would lose the change.
  const onNotice = (notice: { severity?: string | undefined; message?: string | undefined }): void => {
    if (notice.severity === 'WARNING') unsure = notice.message;
  };
  client.on('notice', onNotice);
  try {
    await send(message);
  } finally {
    client.off('notice', onNotice);
  }
  if (unsure !== undefined) throw new Error(unsure);
}

function appendStatement(changes: readonly NewChange[]): string {
  const rows = changes.map(({ nonce, organizationId, organizationPosition, kind, subjectId }, index) => {
    const [quotedNonce, quotedOrganizationId, quotedKind, quotedSubjectId] = [
      nonce,
      organizationId,
      kind,
      subjectId,
    ].map(escapeLiteral);
    return `(${index + 1}, ${quotedNonce}, ${quotedOrganizationId}, ${Number(organizationPosition)}, ${quotedKind}, ${quotedSubjectId})`;
  });
  return `
    with head as (
      update change_head set position = position + ${changes.length} where id = 1 returning position
    )
    insert into change_log (position, nonce, organization_id, organization_position, kind, subject_id)
    select head.position - ${changes.length} + change.step,
      change.nonce, change.organization_id, change.organization_position, change.kind, change.subject_id
    from head, (values ${rows.join(', ')})
      as change (step, nonce, organization_id, organization_position, kind, subject_id)`;
}
