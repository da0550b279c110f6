import { DomainError } from './error.ts';
import type { Lease } from './lease.ts';
import type { TokenRecord } from './principal.ts';
import type { VerificationStorage } from './storage.ts';
import type { TokenDigests } from './token-digest.ts';

/**
 * The verification path of a node: from memory while its lease is live, else by one read. A read counts under a live lease
 * only, too: whoever was cut off may still reach a database that is the primary no more, and nobody waits for it.
 * Where there is none, one is taken first. Throws `storage.unavailable`.
 */
export function createLeasedVerification(
  lease: Pick<Lease, 'live' | 'cycle'>,
  read: (digests: TokenDigests) => Promise<TokenRecord | undefined>,
): VerificationStorage {
  return {
    catchUp: () => lease.live(),
    holds: () => lease.live(),
    async findRecord(digests) {
      await requireLive(lease);
      const record = await read(digests);
      if (!lease.live()) throw leaseLost();
      return record;
    },
  };
}

/** Resolves under a live lease, which is taken where there is none. Throws `storage.unavailable`. */
async function requireLive(lease: Pick<Lease, 'live' | 'cycle'>): Promise<void> {
  if (!lease.live()) await lease.cycle();
  if (!lease.live()) throw leaseLost();
}

function leaseLost(): DomainError {
  return new DomainError('storage.unavailable', { internal: 'the lease has run out', retryAfterSeconds: 1 });
}
