import { LEASE_MARGIN_MS, LEASE_MS } from './lease.ts';

/** A serving process, as an organization's admin sees it. Positions are of the organization's own change log. */
export interface ServingNode {
  /** Given anew whenever it joins. */
  readonly id: string;
  /** Whether it is the one that answers. */
  readonly isSelf: boolean;
  readonly joinedAt: number;
  /** When it last renewed its lease; null where none is needed. */
  readonly renewedAt: number | null;
  /**
   * How many milliseconds longer it may answer from memory, as far as the database knows; 0 = not any more. Null where it
   * needs no lease, because it looks at the database before each answer.
   */
  readonly leaseMs: number | null;
  /** Up to here it has acknowledged the organization's changes. */
  readonly position: number;
  /** How many of them it has not acknowledged yet. */
  readonly lag: number;
}

/** What is left of a lease that was renewed then. */
export function leaseLeft(renewedAt: number, now: number): number {
  return Math.min(Math.max(0, renewedAt + LEASE_MS - LEASE_MARGIN_MS - now), LEASE_MS - LEASE_MARGIN_MS);
}
