import type { Change } from './change.ts';
import type { OrganizationId } from './id.ts';
import type { ChangeSink } from './lease.ts';

/** Whoever is told what changes in one organization, as soon as this process learns of it. */
export interface ChangeFollower {
  /** One change, in the order of the log. Must not throw, nor wait. */
  changed(change: Change): void;
  /** Changes were skipped: nothing is known of what happened since the last one. */
  skipped(): void;
}

/** Hands on to its followers what memory is told of; whoever follows costs the database nothing. */
export interface ChangeFeed extends ChangeSink {
  /** Until the returned function is called. */
  follow(organizationId: OrganizationId, follower: ChangeFollower): () => void;
}

export function createChangeFeed(): ChangeFeed {
  const followers = new Map<OrganizationId, Set<ChangeFollower>>();

  return {
    follow(organizationId, follower) {
      const found = followers.get(organizationId) ?? new Set();
      followers.set(organizationId, found);
      found.add(follower);
      return () => {
        found.delete(follower);
        if (found.size === 0 && followers.get(organizationId) === found) followers.delete(organizationId);
      };
    },

    apply(changes) {
      if (followers.size === 0) return;
      for (const change of changes) {
        for (const follower of followers.get(change.organizationId) ?? []) follower.changed(change);
      }
    },

    clear() {
      for (const found of followers.values()) for (const follower of found) follower.skipped();
    },
  };
}
