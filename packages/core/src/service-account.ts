import type { OrganizationId, ServiceAccountId } from './id.ts';
import type { OrganizationRole } from './organization.ts';

export type ServiceAccountStatus = 'active' | 'disabled';

/** Who made a thing, and the name it bore then. */
export interface Creator {
  readonly kind: 'service_account' | 'operator';
  readonly id: string | null;
  readonly displayName: string;
}

export interface ServiceAccount {
  readonly id: ServiceAccountId;
  readonly organizationId: OrganizationId;
  readonly displayName: string;
  readonly description: string;
  readonly status: ServiceAccountStatus;
  readonly organizationRole: OrganizationRole;
  readonly externalId: string | null;
  /** Tokens that were not deleted, expired ones included. */
  readonly tokenCount: number;
  readonly lastUsedAt: number | null;
  readonly createdAt: number;
  readonly createdBy: Creator;
  readonly updatedAt: number;
  /** Grows by one with each change by an admin (not with use); the ETag. */
  readonly version: number;
}
