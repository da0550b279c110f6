import {
  type Authorized,
  boundKey,
  type Caller,
  type Domain,
  type MutationOptions,
  mutationContext,
  plainClaim,
} from './command.ts';
import { decide, missingToGrant, type Subject } from './decision.ts';
import { DomainError, invalidField } from './error.ts';
import {
  type GroupId,
  newId,
  type OrganizationId,
  type PrincipalId,
  parseId,
  type RoleId,
  type WorkspaceId,
} from './id.ts';
import { subjectOf } from './principal.ts';
import type { BuiltInRole, Role } from './role.ts';
import type { Committed, Page } from './storage.ts';
import type { NamedListQuery, WorkspaceChange, WorkspaceGroupRole, WorkspaceMembership } from './storage-access.ts';
import { parseDescription, parseExternalId, parseName } from './text.ts';

/** A place where things run; access to it is by membership, direct or through groups. */
export interface Workspace {
  readonly id: WorkspaceId;
  readonly organizationId: OrganizationId;
  /** Unique in the organization, whatever the case; part of the platform's addresses. */
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly externalId: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface WorkspaceInput {
  readonly name: string;
  readonly displayName?: string;
  readonly description?: string;
  readonly externalId?: string | null;
}

export const WORKSPACE_NAME_PATTERN = '^[A-Za-z0-9_-]{1,200}$';
const WORKSPACE_NAME = new RegExp(WORKSPACE_NAME_PATTERN);

export async function createWorkspace(
  domain: Domain,
  caller: Authorized<'workspace.create'>,
  input: WorkspaceInput,
  options: MutationOptions = {},
): Promise<Committed<Workspace>> {
  const name = parseWorkspaceName(input.name);
  const workspace = {
    id: newId('workspace', domain.storage, domain.random),
    name,
    displayName: parseName(input.displayName ?? name, '/displayName'),
    description: parseDescription(input.description ?? '', '/description'),
    externalId: parseExternalId(input.externalId, '/externalId'),
  };
  const idempotency = plainClaim(boundKey(domain, caller, options));
  return domain.storage.createWorkspace(mutationContext(domain, caller, { idempotency }), workspace);
}

export async function updateWorkspace(
  domain: Domain,
  caller: Authorized<'workspace.update'>,
  id: WorkspaceId,
  input: Partial<WorkspaceInput>,
  options: MutationOptions = {},
): Promise<Committed<Workspace>> {
  const change: WorkspaceChange = {
    ...(input.name !== undefined && { name: parseWorkspaceName(input.name) }),
    ...(input.displayName !== undefined && { displayName: parseName(input.displayName, '/displayName') }),
    ...(input.description !== undefined && { description: parseDescription(input.description, '/description') }),
    ...(input.externalId !== undefined && { externalId: parseExternalId(input.externalId, '/externalId') }),
  };
  return domain.storage.updateWorkspace(mutationContext(domain, caller, options), id, change);
}

export async function deleteWorkspace(
  domain: Domain,
  caller: Authorized<'workspace.delete'>,
  id: WorkspaceId,
  options: MutationOptions = {},
): Promise<Committed<null>> {
  return domain.storage.deleteWorkspace(mutationContext(domain, caller, options), id);
}

export async function setWorkspaceMember(
  domain: Domain,
  caller: Authorized<'workspace_member.update'>,
  id: WorkspaceId,
  member: { readonly principalId: PrincipalId; readonly roleId: BuiltInRole | RoleId },
): Promise<Committed<WorkspaceMembership>> {
  return domain.storage.setWorkspaceMember(mutationContext(domain, caller), id, member);
}

export async function removeWorkspaceMember(
  domain: Domain,
  caller: Authorized<'workspace_member.update'>,
  id: WorkspaceId,
  principalId: PrincipalId,
): Promise<Committed<null>> {
  return domain.storage.removeWorkspaceMember(mutationContext(domain, caller), id, principalId);
}

/** Everybody in the group gets the role in the workspace; a group carries one role per workspace. */
export async function setWorkspaceGroup(
  domain: Domain,
  caller: Authorized<'workspace_member.update'>,
  id: WorkspaceId,
  grant: { readonly groupId: GroupId; readonly roleId: BuiltInRole | RoleId },
): Promise<Committed<WorkspaceGroupRole>> {
  return domain.storage.setWorkspaceGroup(mutationContext(domain, caller), id, grant);
}

export async function removeWorkspaceGroup(
  domain: Domain,
  caller: Authorized<'workspace_member.update'>,
  id: WorkspaceId,
  groupId: GroupId,
): Promise<Committed<null>> {
  return domain.storage.removeWorkspaceGroup(mutationContext(domain, caller), id, groupId);
}

/**
 * The workspace of that id or name, for a caller who may see it. Throws `workspace.not_found` for one that does not exist
 * and, all the same, for one that the caller has no right to read.
 */
export async function findReadableWorkspace(
  domain: Pick<Domain, 'storage'>,
  caller: Caller,
  reference: string,
): Promise<Workspace> {
  const workspace = await domain.storage.findWorkspace(caller.record.organization.id, reference);
  const readable =
    workspace && decide(subjectOf(caller.record), 'workspace.read', { kind: 'workspace', id: workspace.id }).allowed;
  if (!workspace || !readable) throw new DomainError('workspace.not_found');
  return workspace;
}

/** The workspaces that the caller may read, by name. */
export async function listReadableWorkspaces(
  { storage }: Pick<Domain, 'storage'>,
  { record }: Caller,
  query: NamedListQuery,
): Promise<Page<Workspace>> {
  const subject = subjectOf(record);
  const readable = (id: WorkspaceId): boolean => decide(subject, 'workspace.read', { kind: 'workspace', id }).allowed;
  const own = new Set(record.principal.grants.map(({ workspaceId }) => workspaceId));
  const only = decide(subject, 'workspace.list').allowed ? null : candidates(subject, own).filter(readable);
  return storage.listWorkspaces(record.organization.id, { ...query, only });
}

/** The roles that the caller can give in the workspace: the built-in ones first, then by name. */
export async function listGrantableRoles(
  { storage }: Pick<Domain, 'storage'>,
  { record }: Authorized<'workspace_member.update'>,
  id: WorkspaceId,
): Promise<readonly Role[]> {
  const subject = subjectOf(record);
  const roles = await storage.listRoles(record.organization.id);
  return roles.filter((role) => missingToGrant(subject, id, role) === undefined);
}

/** Of a token restricted to workspaces, those that it names; of others, those in which the principal has a role. */
function candidates({ restrictions }: Subject, own: ReadonlySet<WorkspaceId>): readonly WorkspaceId[] {
  return restrictions?.workspaces ?? [...own];
}

function parseWorkspaceName(text: string): string {
  if (!WORKSPACE_NAME.test(text)) throw invalidField('/name', 'must be 1 to 200 letters, digits, "-" and "_"');
  // Names and ids stand in the same places.
  if (parseId('workspace', text.toLowerCase())) throw invalidField('/name', 'must not read like an id');
  return text;
}
