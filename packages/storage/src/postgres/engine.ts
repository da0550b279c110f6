import { DomainError } from '@postern/core';
import type { Kysely } from 'kysely';
import { escapeLiteral, type PoolClient } from 'pg';
import type { Engine, NewChange, Work } from '../engine.ts';
import type { Schema } from '../schema.ts';
import { createKysely, kyselyOn, type PrimaryPool, withClient } from './connection.ts';
import { isConnectionLoss, translateCommitError } from './error.ts';
import { jsonRows } from './json-rows.ts';

/** PostgreSQL behind a pool: each transaction on a connection of its own, READ COMMITTED; begun by that statement. */
export function createPostgresEngine(pool: PrimaryPool, begin = 'begin'): Engine {
  return {
    db: createKysely(pool),
    jsonRows,
    locksRows: true,
    transact: (work) => withClient(pool, (client) => transact(client, begin, work)),
  };
}

async function transact<Value>(
  client: PoolClient,
  begin: string,
  work: (db: Kysely<Schema>) => Promise<Work<Value>>,
): Promise<Value> {
  await client.query(begin);
  let done: Work<Value>;
  try {
    done = await work(kyselyOn(client));
  } catch (error) {
    if (!isConnectionLoss(error)) await client.query('rollback');
    // Queries fail with errors of the domain; anything else is a bug of ours.
    if (error instanceof DomainError) throw error;
    throw new DomainError('internal', {
      internal: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
  await commit(client, done.changes);
  return done.value;
}

/**
 * Takes the positions, appends the changes and commits in one message: between the counter and the commit there is no
 * moment at which a process could stand still and hold the counter.
 */
async function commit(client: PoolClient, changes: readonly NewChange[]): Promise<void> {
  let unsure: string | undefined;
  // A standby that has not confirmed is a warning only, though a failover would lose the change.
  const onNotice = (notice: { severity?: string | undefined; message?: string | undefined }): void => {
    if (notice.severity === 'WARNING') unsure = notice.message;
  };
  client.on('notice', onNotice);
  try {
    await client.query(changes.length === 0 ? 'commit' : `${appendStatement(changes)}; commit`);
    if (unsure !== undefined) throw new Error(unsure);
  } catch (error) {
    const translated = translateCommitError(error);
    if (!isConnectionLoss(error)) await client.query('rollback');
    throw translated;
  } finally {
    client.off('notice', onNotice);
  }
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
