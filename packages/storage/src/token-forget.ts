import { DAY_MS, RETIRED_DIGESTS_PER_TOKEN } from '@postern/core';
import { type Kysely, sql } from 'kysely';
import type { Write } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import type { Schema } from './schema.ts';

/** For how long the use of a value that has ended is still recognized as that. */
const MEMORY_MS = 400 * DAY_MS;
/** What is past that goes with what ends anew, a little each time. */
const SWEPT_AT_A_TIME = 20;

/** What forgets retired digests beyond what is kept: the latest ones of a token, and none for longer than 400 days. */
export function forgetWrites(
  db: Kysely<Schema>,
  of: {
    readonly organizationId: string;
    readonly tokenId: string;
    readonly latestRetired: number;
    readonly at: number;
  },
): readonly Write[] {
  const { organizationId, tokenId, latestRetired, at } = of;
  return [
    beyondTheLatest.fill(db, { tokenId, generation: latestRetired - RETIRED_DIGESTS_PER_TOKEN }),
    longAgo.fill(db, { organizationId, before: at - MEMORY_MS }),
  ];
}

const beyondTheLatest = fixedStatement((db, of: { tokenId: string; generation: number }) =>
  db
    .deleteFrom('token_digest')
    .where('token_id', '=', of.tokenId)
    .where('state', '=', 'retired')
    .where('generation', '<=', of.generation),
);

const longAgo = fixedStatement((db, of: { organizationId: string; before: number }) => {
  const old = db
    .selectFrom('token_digest')
    .select('digest')
    .where('organization_id', '=', of.organizationId)
    .where('state', '=', sql.lit('retired'))
    .where('retired_at', '<', of.before)
    .orderBy('retired_at')
    .limit(SWEPT_AT_A_TIME);
  return db.deleteFrom('token_digest').where('digest', 'in', old);
});
