import {
  type Authorized,
  boundKey,
  type Domain,
  type MutationOptions,
  mutationContext,
  plainClaim,
} from './command.ts';
import { invalidField } from './error.ts';
import { type MemberId, newId, type OrganizationId, parseId, type ServiceAccountId } from './id.ts';
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
  /** The people to ask about it, who are members; it gives them no right. */
  readonly owners: readonly MemberId[];
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
  readonly owners?: readonly string[];
  readonly externalId?: string | null;
}

/** Owners that one account may have. */
export const OWNERS_MAX = 20;

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
    owners: parseOwners(input.owners ?? []),
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
    ...(input.owners !== undefined && { owners: parseOwners(input.owners) }),
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

/** Each once. Whether they are members is checked under the lock. */
function parseOwners(texts: readonly string[]): readonly MemberId[] {
  if (texts.length > OWNERS_MAX) throw invalidField('/owners', `must have at most ${OWNERS_MAX} items`);
  const ids = texts.map((text, index) => {
    const id = parseId('member', text);
    if (!id) throw invalidField(`/owners/${index}`, 'must be the id of a member');
    return id;
  });
  return [...new Set(ids)];
}
