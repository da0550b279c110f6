import { type CleanupBatch, type CleanupLimits, type CleanupPart, DAY_MS, HOUR_MS, RETENTION } from '@postern/core';
import { type Kysely, sql } from 'kysely';
import type { Engine } from './engine.ts';
import { forgetAnswers } from './idempotency.ts';
import type { Schema } from './schema.ts';
import { markSomeEnded } from './token-end.ts';

/**
 * Sweeping: what is past its time goes in small batches. A pass goes through the tokens, and one through the organizations, in
 * the order of their ids, by what is indexed already, so nothing on the way of a verification or a use pays for it.
 */

/** Tokens looked at in one batch. */
const TOKENS_AT_A_TIME = 200;
/** Organizations looked at in one batch, and rows of one of them that go in it. */
const ORGANIZATIONS_AT_A_TIME = 20;
const ROWS_AT_A_TIME = 200;
const CHANGES_AT_A_TIME = 1_000;
/** From the end of one pass through all tokens, or all organizations, to the next. */
const TOKEN_PASS_MS = DAY_MS;
const ORGANIZATION_PASS_MS = HOUR_MS;

const NOTHING: CleanupBatch = { removed: 0, more: false };

/** Claims the sweep until then, if nobody has it; a time that is over gives it back. */
export function claimCleanup(engine: Engine, now: number, ms: number): Promise<boolean> {
  return engine.transact(async (db) => {
    const { numUpdatedRows } = await db
      .updateTable('cleanup')
      .set({ claimed_until: now + ms })
      .$if(ms > 0, (query) => query.where('claimed_until', '<=', now))
      .executeTakeFirstOrThrow();
    return { value: numUpdatedRows > 0n, changes: [] };
  });
}

/** One batch of one part. */
export function cleanUp(
  engine: Engine,
  now: number,
  part: CleanupPart,
  limits: CleanupLimits = {},
): Promise<CleanupBatch> {
  return engine.transact(async (db) => ({ value: await PARTS[part](db, now, limits, engine), changes: [] }));
}

type Sweep = (db: Kysely<Schema>, now: number, limits: CleanupLimits, engine: Engine) => Promise<CleanupBatch>;

const PARTS: Readonly<Record<CleanupPart, Sweep>> = {
  ended_tokens: sweepEndedTokens,
  tokens: sweepTokens,
  organizations: sweepOrganizations,
  changes: sweepChanges,
  sign_in: sweepSignIn,
};

/** Tokens that ended with their account and are not marked yet. */
async function sweepEndedTokens(
  db: Kysely<Schema>,
  _now: number,
  _limits: CleanupLimits,
  engine: Engine,
): Promise<CleanupBatch> {
  return { removed: 0, more: await markSomeEnded(engine, db) };
}

/** What hangs on tokens, and deleted tokens themselves. */
async function sweepTokens(db: Kysely<Schema>, now: number): Promise<CleanupBatch> {
  const { token_cursor: cursor, token_next_at: nextAt } = await readProgress(db);
  if (now < nextAt) return NOTHING;
  const rows = await db
    .selectFrom('token')
    .select(['id', 'deleted_at'])
    .where('id', '>', cursor)
    .orderBy('id')
    .limit(TOKENS_AT_A_TIME)
    .execute();
  const more = rows.length === TOKENS_AT_A_TIME;
  await db
    .updateTable('cleanup')
    .set(more ? { token_cursor: rows.at(-1)?.id ?? '' } : { token_cursor: '', token_next_at: now + TOKEN_PASS_MS })
    .execute();
  if (rows.length === 0) return NOTHING;
  const ids = rows.map(({ id }) => id);
  const before = now - RETENTION.endedMs;
  const gone = rows.filter(({ deleted_at }) => deleted_at !== null && deleted_at < before).map(({ id }) => id);
  let removed = await count([
    db.deleteFrom('token_usage_hour').where('token_id', 'in', ids).where('hour', '<', before),
    db.deleteFrom('token_caller').where('token_id', 'in', ids).where('last_at', '<', before),
    db
      .deleteFrom('token_refusal')
      .where('token_id', 'in', ids)
      .where('hour', '<', now - RETENTION.refusalMs),
    db
      .deleteFrom('token_digest')
      .where('token_id', 'in', ids)
      .where('state', '=', sql.lit('retired'))
      .where('retired_at', '<', before),
  ]);
  if (gone.length > 0) {
    removed += await count(
      (['token_digest', 'token_generation_use', 'token_usage_hour', 'token_caller', 'token_refusal'] as const).map(
        (table) => db.deleteFrom(table).where('token_id', 'in', gone),
      ),
    );
    removed += await count([db.deleteFrom('token').where('id', 'in', gone)]);
  }
  return { removed, more };
}

/** What is counted per organization: answers that can be asked for again, values that are remembered, tombstones. */
async function sweepOrganizations(db: Kysely<Schema>, now: number, limits: CleanupLimits): Promise<CleanupBatch> {
  const { organization_cursor: cursor, organization_next_at: nextAt } = await readProgress(db);
  if (now < nextAt) return NOTHING;
  const rows = await db
    .selectFrom('organization')
    .select('id')
    .where('id', '>', cursor)
    .orderBy('id')
    .limit(ORGANIZATIONS_AT_A_TIME)
    .execute();
  let removed = 0;
  let last = cursor;
  let left = false;
  for (const { id } of rows) {
    const part = await sweepOrganization(db, id, now, limits);
    removed += part;
    // One that has more than a batch is looked at again before the next.
    left = part >= ROWS_AT_A_TIME;
    if (left) break;
    last = id;
  }
  const more = left || rows.length === ORGANIZATIONS_AT_A_TIME;
  await db
    .updateTable('cleanup')
    .set(
      more
        ? { organization_cursor: last }
        : { organization_cursor: '', organization_next_at: now + ORGANIZATION_PASS_MS },
    )
    .execute();
  return { removed, more };
}

async function sweepOrganization(
  db: Kysely<Schema>,
  id: string,
  now: number,
  { retiredPerOrganization = RETENTION.retiredPerOrganization }: CleanupLimits,
): Promise<number> {
  const before = now - RETENTION.endedMs;
  const excess = await findExcess(db, id, retiredPerOrganization);
  const retired = db
    .selectFrom('token_digest')
    .select('digest')
    .where('organization_id', '=', id)
    .where('state', '=', sql.lit('retired'))
    .orderBy('retired_at')
    .limit(Math.min(excess, ROWS_AT_A_TIME));
  const tombstones = db
    .selectFrom('principal')
    .select('principal.id')
    .where('organization_id', '=', id)
    .where('status', '=', 'deleted')
    .where('updated_at', '<', before)
    .where((where) =>
      where.not(
        where.exists(where.selectFrom('token').select('token.id').whereRef('token.account_id', '=', 'principal.id')),
      ),
    )
    .limit(ROWS_AT_A_TIME);
  const answers = await forgetAnswers(db, id, now, ROWS_AT_A_TIME);
  const others = await count([
    ...(excess > 0 ? [db.deleteFrom('token_digest').where('digest', 'in', retired)] : []),
    db.deleteFrom('principal').where('id', 'in', tombstones),
  ]);
  return answers + others;
}

/** How many retired values the organization has beyond what is kept; looked for where the index is long enough to matter. */
async function findExcess(db: Kysely<Schema>, id: string, kept: number): Promise<number> {
  const beyond = await db
    .selectFrom('token_digest')
    .select('digest')
    .where('organization_id', '=', id)
    .where('state', '=', sql.lit('retired'))
    .orderBy('retired_at', 'desc')
    .offset(kept)
    .limit(ROWS_AT_A_TIME)
    .execute();
  return beyond.length;
}

/**
 * Rows of the change log that only somebody far behind would ask for. Each organization keeps its newest, so that everybody
 * can tell where its log has come to; whoever names a row that is gone is told to begin anew.
 */
async function sweepChanges(
  db: Kysely<Schema>,
  _now: number,
  { changes = RETENTION.changes }: CleanupLimits,
): Promise<CleanupBatch> {
  const { change_cursor: cursor } = await readProgress(db);
  const head = await db.selectFrom('change_head').select('position').executeTakeFirstOrThrow();
  const end = Math.min(cursor + CHANGES_AT_A_TIME, head.position - changes);
  if (end <= cursor) return NOTHING;
  const removed = await count([
    db
      .deleteFrom('change_log')
      .where('position', '>', cursor)
      .where('position', '<=', end)
      .where((where) =>
        where(
          'organization_position',
          '<',
          where
            .selectFrom('organization')
            .select('change_position')
            .whereRef('organization.id', '=', 'change_log.organization_id'),
        ),
      ),
  ]);
  await db.updateTable('cleanup').set({ change_cursor: end }).execute();
  return { removed, more: end < head.position - changes };
}

/** Sessions, links and steps of signing in that are over. An invitation stays beside its member, who may be sent another. */
async function sweepSignIn(db: Kysely<Schema>, now: number): Promise<CleanupBatch> {
  const text = new Date(now).toISOString();
  const sessions = db.selectFrom('auth_session').select('id').where('expires_at', '<', text).limit(ROWS_AT_A_TIME);
  const steps = db.selectFrom('auth_verification').select('id').where('expires_at', '<', text).limit(ROWS_AT_A_TIME);
  const links = db.selectFrom('setup_link').select('digest').where('expires_at', '<', now).limit(ROWS_AT_A_TIME);
  const removed = await count([
    db.deleteFrom('auth_session').where('id', 'in', sessions),
    db.deleteFrom('auth_verification').where('id', 'in', steps),
    db.deleteFrom('setup_link').where('digest', 'in', links),
  ]);
  return { removed, more: removed >= ROWS_AT_A_TIME };
}

function readProgress(db: Kysely<Schema>) {
  return db.selectFrom('cleanup').selectAll().executeTakeFirstOrThrow();
}

/** Runs them one after the other; how many rows they removed. */
async function count(
  deletions: readonly { executeTakeFirstOrThrow(): Promise<{ readonly numDeletedRows: bigint }> }[],
): Promise<number> {
  let removed = 0;
  for (const each of deletions) removed += Number((await each.executeTakeFirstOrThrow()).numDeletedRows);
  return removed;
}
