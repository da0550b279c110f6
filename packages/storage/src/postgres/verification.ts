import type { Lease, TokenDigests, TokenRecord, VerificationStorage } from '@postern/core';
import type { Pool } from 'pg';
import { compileFindRecord, type TokenRecordRow, toTokenRecord } from '../token-record.ts';
import { createKysely, withClient } from './connection.ts';
import { jsonRows } from './json-rows.ts';

/** The verification path on PostgreSQL: memory under a live lease, else one read, prepared once per connection. */
export function createPostgresVerification(pool: Pool, lease: Lease): VerificationStorage {
  const findRecordQuery = compileFindRecord(createKysely(pool), jsonRows);
  return {
    catchUp: () => lease.live(),
    holds: () => lease.live(),
    async findRecord(digests: TokenDigests): Promise<TokenRecord | undefined> {
      const { sql: text, parameters } = findRecordQuery(digests);
      const query = { name: `find-record-${digests.length}`, text, values: [...parameters] };
      const { rows } = await withClient(pool, (client) => client.query<TokenRecordRow>(query));
      return rows[0] && toTokenRecord(rows[0]);
    },
  };
}
