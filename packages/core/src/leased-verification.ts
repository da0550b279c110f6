import { DomainError } from './error.ts';
import type { Lease } from './lease.ts';
import type { TokenRecord } from './principal.ts';
import type { VerificationStorage } from './storage.ts';
import type { TokenDigests } from './token-digest.ts';

type Guard = Pick<Lease, 'live' | 'cycle'>;

/**
 * The verification path of a node: from memory while its lease is live, else by one read under it. Throws
 * `storage.unavailable`.
 */
export function createLeasedVerification(
  lease: Guard,
  read: (digests: TokenDigests) => Promise<TokenRecord | undefined>,
): VerificationStorage {
  return {
    catchUp: () => lease.live(),
    holds: () => lease.live(),
    findRecord: (digests) => underLease(lease, () => read(digests)),
  };
}

/**
 * A read counts under a live lease only: whoever was cut off may still reach a database that is the primary no more, and
 * nobody waits for it. Where there is no lease, one is taken first. Throws `storage.unavailable`.
 */
export async function underLease<Value>(lease: Guard, read: () => Promise<Value>): Promise<Value> {
  if (!lease.live()) await lease.cycle();
  if (!lease.live()) throw leaseLost();
  const value = await read();
  if (!lease.live()) throw leaseLost();
  return value;
}

function leaseLost(): DomainError {
  return new DomainError('storage.unavailable', { internal: 'the lease has run out', retryAfterSeconds: 1 });
}
