import type { NewGeneration, SecretKeyUse } from '@postern/core';
import type { Insertable, Kysely } from 'kysely';
import type { Write } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import type { Reading } from './reading.ts';
import { NEVER_ENDS, type Schema, type TokenDigestTable } from './schema.ts';
import { IS_LIVING } from './token-living.ts';

export function digestWrite(
  db: Kysely<Schema>,
  { digest, hint, expiresAt }: NewGeneration,
  of: { readonly organizationId: string; readonly tokenId: string; readonly generation: number; readonly at: number },
): Write {
  return digestInsert.fill(db, {
    digest: digest.digest,
    key_id: digest.keyId,
    organization_id: of.organizationId,
    token_id: of.tokenId,
    generation: of.generation,
    state: 'current',
    valid_until: expiresAt ?? NEVER_ENDS,
    hint,
    created_at: of.at,
    retired_at: null,
  });
}

const digestInsert = fixedStatement((db, row: Insertable<TokenDigestTable>) =>
  db.insertInto('token_digest').values(row),
);

/** The current generation goes on working until then, beside a newer one that is about to be written. */
export function laterRetirement(db: Kysely<Schema>, tokenId: string, until: number): Write {
  return currentRetiring.fill(db, { tokenId, until });
}

const currentRetiring = fixedStatement((db, of: { tokenId: string; until: number }) =>
  db
    .updateTable('token_digest')
    .set({ state: 'retiring', valid_until: of.until })
    .where('token_id', '=', of.tokenId)
    .where('state', '=', 'current'),
);

/** Ends generations of the token now: only those that are retiring, or all. */
export function retirement(db: Kysely<Schema>, tokenId: string, which: 'retiring' | 'all', at: number): Write {
  return (which === 'all' ? allRetired : retiringRetired).fill(db, { tokenId, at });
}

const retired = (db: Kysely<Schema>, { tokenId, at }: { tokenId: string; at: number }) =>
  db.updateTable('token_digest').set({ state: 'retired', retired_at: at }).where('token_id', '=', tokenId);
const allRetired = fixedStatement((db, of: { tokenId: string; at: number }) =>
  retired(db, of).where('state', '<>', 'retired'),
);
const retiringRetired = fixedStatement((db, of: { tokenId: string; at: number }) =>
  retired(db, of).where('state', '=', 'retiring'),
);

/** How many values still work under each digest key, and under no other. */
export async function listSecretKeyUse({ db }: Reading, now: number): Promise<readonly SecretKeyUse[]> {
  const rows = await db
    .selectFrom('token_digest')
    .innerJoin('token', 'token.id', 'token_digest.token_id')
    .innerJoin('principal', 'principal.id', 'token.account_id')
    .select(['token_digest.key_id as kid', (count) => count.fn.countAll<number>().as('live')])
    .where('token_digest.state', '<>', 'retired')
    .where('token_digest.valid_until', '>', now)
    .where(IS_LIVING)
    .where('principal.status', '=', 'active')
    .groupBy('token_digest.key_id')
    .orderBy('token_digest.key_id')
    .execute();
  return rows.map(({ kid, live }) => ({ kid, liveValues: live }));
}
