import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type AdmittedToken,
  admitToken,
  createTokenCacheKey,
  createVerificationCache,
  encodeTokenValue,
  OPEN_POLICY,
  type TokenRecord,
} from '@postern/core';

/**
 * `node --conditions=postern-src bench/memory.ts`: what a record in the verification cache takes of the heap, beside what
 * the cache believes it does (`ENTRY_BYTES` and `SHARED_BYTES` in packages/core/src/verification-cache.ts). The text comes
 * from a real SQLite, because text of a database is never shared between rows.
 */

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const NOTHING: readonly never[] = [];
const NONE: ReadonlySet<string> = new Set();

/** Hash tables double their size, so what an entry takes goes up and down with how many there are. */
const SIZES = [300_000, 600_000, 1_000_000];

for (const [what, tokensPerAccount] of [
  ['one account for all tokens', Number.POSITIVE_INFINITY],
  ['one account for 100 tokens', 100],
  ['one account for each token', 1],
] as const) {
  for (const size of SIZES) {
    const { heapBytes, believedBytes } = measure(size, tokensPerAccount);
    const each = [heapBytes, believedBytes].map((bytes) => Math.round(bytes / size));
    console.log(`${what}, ${size} entries: ${each[0]} bytes each, believed ${each[1]}`);
  }
}

function measure(size: number, tokensPerAccount: number): { heapBytes: number; believedBytes: number } {
  const database = new DatabaseSync(':memory:');
  const query = database.prepare(`
    select printf('tok_%026d', :token) as token_id, printf('token-%d', :token) as token_name, 1 as generation,
      substr('current', 1) as state, printf('sa_%026d', :account) as account_id,
      printf('pipeline-%d', :account) as display_name, substr('member', 1) as role, substr('active', 1) as status,
      1 as version, printf('org_%026d', 1) as organization_id, substr('My organization', 1) as organization_name,
      substr('enterprise', 1) as plan, substr('main', 1) as key_id`);
  const cache = createVerificationCache(Number.POSITIVE_INFINITY);
  const cacheKey = createTokenCacheKey(randomBytes);
  const stamp = cache.stamp();
  const before = heap();
  for (let token = 0; token < size; token += 1) {
    const account = Number.isFinite(tokensPerAccount) ? Math.floor(token / tokensPerAccount) : 0;
    const row = query.get({ token, account }) as Record<string, string & number>;
    cache.put(cacheKey(encodeTokenValue(randomBytes(32))), admit(toRecord(row)), stamp);
  }
  const heapBytes = heap() - before;
  const { bytes: believedBytes, entries } = cache.size();
  if (entries !== size) throw new Error(`${entries} entries instead of ${size}`);
  database.close();
  return { heapBytes, believedBytes };
}

/** In the very shape in which the storage makes them. */
function toRecord(row: Record<string, string & number>): TokenRecord {
  const record = {
    token: {
      id: row['token_id'],
      name: row['token_name'],
      generation: row['generation'],
      state: row['state'],
      startedAt: 1_700_000_000_000,
      validUntil: null,
      restrictions: null,
      deleted: false,
    },
    principal: {
      kind: 'service_account',
      id: row['account_id'],
      displayName: row['display_name'],
      organizationRole: row['role'],
      status: row['status'],
      groups: NOTHING,
      grants: NOTHING,
      version: row['version'],
    },
    organization: {
      id: row['organization_id'],
      name: row['organization_name'],
      plan: row['plan'],
      tokenPolicy: OPEN_POLICY,
      registered: NONE,
      version: row['version'],
    },
    keyId: row['key_id'],
  };
  return record as unknown as TokenRecord;
}

function admit(record: TokenRecord): AdmittedToken {
  const admission = admitToken(record, Date.now(), null);
  if (!admission.admitted) throw new Error(admission.reason);
  return admission.record;
}

function heap(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
