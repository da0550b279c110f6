/**
 * The part of the storage port that access hangs on: groups, workspaces, roles, registered permissions, and the
 * organization's own policy. The promises at the head of storage.ts hold for these mutations too.
 *
 * Memberships of a principal are changes of that principal; what many principals' access may hang on is a change of the
 * whole organization (`STRUCTURAL_CHANGES`), whose version grows with it.
 */
import type { WorkspaceGrant } from './access.ts';
import type { Group } from './group.ts';
import type { GroupId, OrganizationId, PrincipalId, RoleId, WorkspaceId } from './id.ts';
import type { LeakResponse, Organization } from './organization.ts';
import type { PermissionName } from './permission.ts';
import type { TokenRecord } from './principal.ts';
import type { BuiltInRole, GroupRole, RegisteredPermission, Role } from './role.ts';
import type { Committed, MutationContext, Page, PageQuery } from './storage.ts';
import type { Token } from './token.ts';
import type { TokenPolicy } from './token-policy.ts';
import type { PermissionUse } from './usage.ts';
import type { Workspace } from './workspace.ts';

export interface NewGroup {
  readonly id: GroupId;
  readonly name: string;
  readonly description: string;
  readonly externalId: string | null;
}

export type GroupChange = Partial<Omit<NewGroup, 'id'>>;

export interface NamedListQuery extends PageQuery {
  readonly search: string | null;
}

/** Somebody who can be in groups and workspaces. */
export interface PrincipalName {
  readonly kind: 'service_account' | 'member';
  readonly id: PrincipalId;
  readonly displayName: string;
}

export interface GroupMembership {
  readonly principal: PrincipalName;
  readonly role: GroupRole;
}

export interface NewWorkspace {
  readonly id: WorkspaceId;
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly externalId: string | null;
}

export type WorkspaceChange = Partial<Omit<NewWorkspace, 'id'>>;

export interface RoleName {
  readonly id: BuiltInRole | RoleId;
  readonly name: string;
}

export interface PermissionUseReport {
  /** Nothing is known of use before this time. */
  readonly recordedSince: number;
  readonly uses: readonly PermissionUse[];
}

/** A principal's direct role in a workspace. */
export interface WorkspaceMembership {
  readonly principal: PrincipalName;
  readonly role: RoleName;
}

/** The role that a group carries in a workspace. */
export interface WorkspaceGroupRole {
  readonly group: { readonly id: GroupId; readonly name: string };
  readonly role: RoleName;
}

export interface NewRole {
  readonly id: RoleId;
  readonly name: string;
  /** As they were asked for, so that an error names the right one; kept sorted, each once. */
  readonly permissions: readonly PermissionName[];
}

export type RoleChange = Partial<Omit<NewRole, 'id'>>;

export interface NewPermission {
  readonly name: PermissionName;
  readonly description: string;
}

export interface OrganizationChange {
  readonly name?: string;
  readonly tokenPolicy?: TokenPolicy;
  readonly leakResponse?: LeakResponse;
}

/** Tokens that work now and would not under another policy. */
export interface PolicyPreview {
  readonly affected: number;
  readonly usedInLast30Days: number;
  /** The first 200 of them. */
  readonly tokens: readonly Token[];
}

/** Principals by id, in one of these groups, or with one of these custom roles, their own or through a group. */
export interface PrincipalSelection {
  readonly ids: readonly PrincipalId[];
  readonly groupIds: readonly GroupId[];
  readonly roleIds: readonly RoleId[];
}

/** What an access decision about somebody reads. */
export type PrincipalRecord = Pick<TokenRecord, 'principal' | 'organization'>;

export interface AccessStorage {
  /** `caller.locked_out` when the policy would deny the credential that asks for it; `request.invalid` for a group that does not exist. */
  updateOrganization(context: MutationContext, change: OrganizationChange): Promise<Committed<Organization>>;
  previewTokenPolicy(organizationId: OrganizationId, policy: TokenPolicy): Promise<PolicyPreview>;

  /** `group.name_taken` (compared by `nameKey`), `group.external_id_taken`. */
  createGroup(context: MutationContext, group: NewGroup): Promise<Committed<Group>>;
  findGroup(organizationId: OrganizationId, id: GroupId): Promise<Group | undefined>;
  /** By name. */
  listGroups(organizationId: OrganizationId, query: NamedListQuery): Promise<Page<Group>>;
  /** `group.not_found`, `group.name_taken`, `group.external_id_taken`. */
  updateGroup(context: MutationContext, id: GroupId, change: GroupChange): Promise<Committed<Group>>;
  /** The group with its memberships and the roles that it carries. `group.not_found`; `caller.locked_out` when the token policy lets in this group's members only and the actor with them. */
  deleteGroup(context: MutationContext, id: GroupId): Promise<Committed<null>>;
  listGroupMembers(organizationId: OrganizationId, id: GroupId, query: NamedListQuery): Promise<Page<GroupMembership>>;
  /** `group.not_found`, `principal.not_found`; `permission.missing` where the group, or the group role, gives more than the actor holds; `caller.locked_out` where the actor could not do it again. */
  setGroupMember(
    context: MutationContext,
    id: GroupId,
    member: { readonly principalId: PrincipalId; readonly role: GroupRole },
  ): Promise<Committed<GroupMembership>>;
  /** `group.not_found`, `membership.not_found`, `permission.missing`, `caller.locked_out`. */
  removeGroupMember(context: MutationContext, id: GroupId, principalId: PrincipalId): Promise<Committed<null>>;
  /** The workspace roles that the group carries, by workspace name. */
  listGroupWorkspaces(organizationId: OrganizationId, id: GroupId): Promise<readonly WorkspaceGrant[]>;

  /** `workspace.name_taken`, `workspace.external_id_taken`. */
  createWorkspace(context: MutationContext, workspace: NewWorkspace): Promise<Committed<Workspace>>;
  /** By id, or by name whatever its case. */
  findWorkspace(organizationId: OrganizationId, reference: string): Promise<Workspace | undefined>;
  /** By name; `only`: among these. */
  listWorkspaces(
    organizationId: OrganizationId,
    query: NamedListQuery & { readonly only: readonly WorkspaceId[] | null },
  ): Promise<Page<Workspace>>;
  /** `workspace.not_found`, `workspace.name_taken`, `workspace.external_id_taken`. */
  updateWorkspace(context: MutationContext, id: WorkspaceId, change: WorkspaceChange): Promise<Committed<Workspace>>;
  /** The workspace with all memberships in it. `workspace.not_found`. */
  deleteWorkspace(context: MutationContext, id: WorkspaceId): Promise<Committed<null>>;
  listWorkspaceMembers(
    organizationId: OrganizationId,
    id: WorkspaceId,
    query: NamedListQuery,
  ): Promise<Page<WorkspaceMembership>>;
  /** `workspace.not_found`, `principal.not_found`, `role.not_found`; `permission.missing` where the role, or the one that it replaces, holds more than the actor; `caller.locked_out` where the actor could not do it again. */
  setWorkspaceMember(
    context: MutationContext,
    id: WorkspaceId,
    member: { readonly principalId: PrincipalId; readonly roleId: BuiltInRole | RoleId },
  ): Promise<Committed<WorkspaceMembership>>;
  /** `workspace.not_found`, `membership.not_found`, `permission.missing`, `caller.locked_out`. */
  removeWorkspaceMember(context: MutationContext, id: WorkspaceId, principalId: PrincipalId): Promise<Committed<null>>;
  listWorkspaceGroups(
    organizationId: OrganizationId,
    id: WorkspaceId,
    query: NamedListQuery,
  ): Promise<Page<WorkspaceGroupRole>>;
  /** As `setWorkspaceMember`; `group.not_found`. */
  setWorkspaceGroup(
    context: MutationContext,
    id: WorkspaceId,
    grant: { readonly groupId: GroupId; readonly roleId: BuiltInRole | RoleId },
  ): Promise<Committed<WorkspaceGroupRole>>;
  removeWorkspaceGroup(context: MutationContext, id: WorkspaceId, groupId: GroupId): Promise<Committed<null>>;

  /** `role.name_taken`; `request.invalid` for a permission that is not registered; `permission.missing` for one that the actor does not hold. */
  createRole(context: MutationContext, role: NewRole): Promise<Committed<Role>>;
  findRole(organizationId: OrganizationId, id: BuiltInRole | RoleId): Promise<Role | undefined>;
  /** The built-in ones first, then by name. */
  listRoles(organizationId: OrganizationId): Promise<readonly Role[]>;
  /** `role.not_found`, and as `createRole` for what is given and what is taken away. */
  updateRole(context: MutationContext, id: RoleId, change: RoleChange): Promise<Committed<Role>>;
  /** `role.not_found`, `role.in_use`. */
  deleteRole(context: MutationContext, id: RoleId): Promise<Committed<null>>;
  /** `permission.name_taken`. */
  createPermission(context: MutationContext, permission: NewPermission): Promise<Committed<RegisteredPermission>>;
  listPermissions(organizationId: OrganizationId): Promise<readonly RegisteredPermission[]>;
  /** `permission.not_found`. */
  updatePermission(
    context: MutationContext,
    name: PermissionName,
    change: { readonly description: string },
  ): Promise<Committed<RegisteredPermission>>;
  /** `permission.not_found`, `permission.in_use`. */
  deletePermission(context: MutationContext, name: PermissionName): Promise<Committed<null>>;

  /** The facts that decide about this principal, disabled ones included; undefined where there is none. */
  findPrincipal(organizationId: OrganizationId, id: PrincipalId): Promise<PrincipalRecord | undefined>;
  /** The same of several, at most `limit`, by id. */
  listPrincipals(
    organizationId: OrganizationId,
    selection: PrincipalSelection,
    limit: number,
  ): Promise<readonly PrincipalRecord[]>;
  /** When the principal last exercised which permission, of those that it exercised last (`PERMISSION_USES_MAX`). */
  listPermissionUses(organizationId: OrganizationId, id: PrincipalId): Promise<PermissionUseReport>;
}
