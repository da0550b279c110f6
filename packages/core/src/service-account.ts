import {
  type Authorized,
  boundKey,
  type Domain,
  type MutationOptions,
  mutationContext,
  plainClaim,
} from './command.ts';
import { newId, type OrganizationId, type ServiceAccountId } from './id.ts';
import type { OrganizationRole } from './organization.ts';
import type { Committed, ServiceAccountChange } from './storage.ts';
import { parseDescription, parseExternalId, parseName } from './text.ts';

export type ServiceAccountStatus = 'active' | 'disabled';

/** Who made a thing, and the name it bore then. */
export interface Creator {
  readonly kind: 'service_account' | 'member' | 'operator';
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

export interface ServiceAccountInput {
  readonly displayName: string;
  readonly description?: string;
  readonly organizationRole: OrganizationRole;
  readonly externalId?: string | null;
}

export async function createServiceAccount(
  domain: Domain,
  caller: Authorized<'service_account.create'>,
  input: ServiceAccountInput,
  options: MutationOptions = {},
): Promise<Committed<ServiceAccount>> {
  const account = {
    id: newId('service_account', domain.storage, domain.random),
    displayName: parseName(input.displayName, '/displayName'),
    description: parseDescription(input.description ?? '', '/description'),
    organizationRole: input.organizationRole,
    externalId: parseExternalId(input.externalId, '/externalId'),
  };
  const idempotency = plainClaim(boundKey(domain, caller, options));
  return domain.storage.createServiceAccount(mutationContext(domain, caller, { idempotency }), account);
}

export async function updateServiceAccount(
  domain: Domain,
  caller: Authorized<'service_account.update'>,
  id: ServiceAccountId,
  input: Partial<ServiceAccountInput>,
  options: MutationOptions = {},
): Promise<Committed<ServiceAccount>> {
  const change: ServiceAccountChange = {
    ...(input.displayName !== undefined && { displayName: parseName(input.displayName, '/displayName') }),
    ...(input.description !== undefined && { description: parseDescription(input.description, '/description') }),
    ...(input.organizationRole !== undefined && { organizationRole: input.organizationRole }),
    ...(input.externalId !== undefined && { externalId: parseExternalId(input.externalId, '/externalId') }),
  };
  return domain.storage.updateServiceAccount(mutationContext(domain, caller, options), id, change);
}

/** All tokens of the account are deleted for good; the account stays. */
export async function disableServiceAccount(
  domain: Domain,
  caller: Authorized<'service_account.disable'>,
  id: ServiceAccountId,
  options: MutationOptions = {},
): Promise<Committed<ServiceAccount>> {
  return domain.storage.disableServiceAccount(mutationContext(domain, caller, options), id);
}

/** The account may have tokens again; none of the old ones comes back. */
export async function enableServiceAccount(
  domain: Domain,
  caller: Authorized<'service_account.enable'>,
  id: ServiceAccountId,
  options: MutationOptions = {},
): Promise<Committed<ServiceAccount>> {
  return domain.storage.enableServiceAccount(mutationContext(domain, caller, options), id);
}

/** The account and all its tokens are gone for good. */
export async function deleteServiceAccount(
  domain: Domain,
  caller: Authorized<'service_account.delete'>,
  id: ServiceAccountId,
  options: MutationOptions = {},
): Promise<Committed<null>> {
  return domain.storage.deleteServiceAccount(mutationContext(domain, caller, options), id);
}
