import { createLeasedVerification, type Lease, type VerificationStorage } from '@postern/core';
import { compileFindRecord, type TokenRecordRow, toTokenRecord } from '../token-record.ts';
import { createKysely, type PrimaryPool, withClient } from './connection.ts';
import { jsonRows } from './json-rows.ts';

/** The verification path on PostgreSQL: memory under a live lease, else one read, prepared once per connection, where a connection is one. */
export function createPostgresVerification(pool: PrimaryPool, lease: Lease, isPooled: boolean): VerificationStorage {
  const findRecordQuery = compileFindRecord(createKysely(pool), jsonRows);
  return createLeasedVerification(lease, async (digests) => {
    const { sql: text, parameters } = findRecordQuery(digests);
    const query = { ...(!isPooled && { name: `find-record-${digests.length}` }), text, values: [...parameters] };
    const { rows } = await withClient(pool, (client) => client.query<TokenRecordRow>(query));
    return rows[0] && toTokenRecord(rows[0]);
  });
}
