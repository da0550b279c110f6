import type { ChangePage, Head } from './change.ts';
import type { OrganizationId } from './id.ts';

/** The change log as it is shown to those who verify tokens outside. */
export interface ChangeStorage {
  /**
   * What changed in the organization since `after` (null: nothing is known yet). Read in a snapshot begun after the call, so
   * that whatever was acknowledged before it is in the answer; and whatever the answer tells of has been applied by every
   * process that answers from memory. `storage.unavailable`.
   */
  listChanges(organizationId: OrganizationId, after: Head | null): Promise<ChangePage>;
}
