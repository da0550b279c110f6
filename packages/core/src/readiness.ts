import { DomainError } from './error.ts';

/** Why a process must not be sent requests now. */
export const NOT_READY_REASONS = ['database_unreachable', 'lease_lost', 'clock_off'] as const;
export type NotReadyReason = (typeof NOT_READY_REASONS)[number];

/** `storage.unavailable`, for a readiness check, which says why. */
export class NotReady extends DomainError {
  readonly reason: NotReadyReason;

  constructor(reason: NotReadyReason, internal: string) {
    super('storage.unavailable', { internal, retryAfterSeconds: 1 });
    this.name = 'NotReady';
    this.reason = reason;
  }
}
