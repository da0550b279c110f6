import {
  type Authorized,
  boundKey,
  type Domain,
  type MutationOptions,
  mutationContext,
  plainClaim,
} from './command.ts';
import { type GroupId, newId, type OrganizationId, type PrincipalId } from './id.ts';
import type { GroupRole } from './role.ts';
import type { Committed } from './storage.ts';
import type { GroupChange, GroupMembership } from './storage-access.ts';
import { parseDescription, parseExternalId, parseName } from './text.ts';

/** A set of principals; it carries workspace roles, and does not nest. */
export interface Group {
  readonly id: GroupId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly description: string;
  readonly externalId: string | null;
  readonly memberCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Grows by one with each change of the group itself; the ETag. */
  readonly version: number;
}

export interface GroupInput {
  readonly name: string;
  readonly description?: string;
  readonly externalId?: string | null;
}

export async function createGroup(
  domain: Domain,
  caller: Authorized<'group.create'>,
  input: GroupInput,
  options: MutationOptions = {},
): Promise<Committed<Group>> {
  const group = {
    id: newId('group', domain.storage, domain.random),
    name: parseName(input.name, '/name'),
    description: parseDescription(input.description ?? '', '/description'),
    externalId: parseExternalId(input.externalId, '/externalId'),
  };
  const idempotency = plainClaim(boundKey(domain, caller, options));
  return domain.storage.createGroup(mutationContext(domain, caller, { idempotency }), group);
}

export async function updateGroup(
  domain: Domain,
  caller: Authorized<'group.update'>,
  id: GroupId,
  input: Partial<GroupInput>,
  options: MutationOptions = {},
): Promise<Committed<Group>> {
  const change: GroupChange = {
    ...(input.name !== undefined && { name: parseName(input.name, '/name') }),
    ...(input.description !== undefined && { description: parseDescription(input.description, '/description') }),
    ...(input.externalId !== undefined && { externalId: parseExternalId(input.externalId, '/externalId') }),
  };
  return domain.storage.updateGroup(mutationContext(domain, caller, options), id, change);
}

/** Takes back the access that the group gave, and nothing else. */
export async function deleteGroup(
  domain: Domain,
  caller: Authorized<'group.delete'>,
  id: GroupId,
  options: MutationOptions = {},
): Promise<Committed<null>> {
  return domain.storage.deleteGroup(mutationContext(domain, caller, options), id);
}

/** Adds the principal to the group, or changes its group role. Gives all that the group carries. */
export async function setGroupMember(
  domain: Domain,
  caller: Authorized<'group_member.update'>,
  id: GroupId,
  member: { readonly principalId: PrincipalId; readonly role: GroupRole },
): Promise<Committed<GroupMembership>> {
  return domain.storage.setGroupMember(mutationContext(domain, caller), id, member);
}

export async function removeGroupMember(
  domain: Domain,
  caller: Authorized<'group_member.update'>,
  id: GroupId,
  principalId: PrincipalId,
): Promise<Committed<null>> {
  return domain.storage.removeGroupMember(mutationContext(domain, caller), id, principalId);
}
