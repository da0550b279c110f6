import type { GroupRole } from '@postern/core';

/** The tables that access hangs on. What is deleted from them is gone; ids are random and never come again. */
export interface AccessSchema {
  principal_group: PrincipalGroupTable;
  group_member: GroupMemberTable;
  workspace: WorkspaceTable;
  workspace_member: WorkspaceMemberTable;
  invitation: InvitationTable;
  setup_link: SetupLinkTable;
  workspace_group: WorkspaceGroupTable;
  role: RoleTable;
  registered_permission: RegisteredPermissionTable;
  permission_use: PermissionUseTable;
}

/** One row for each permission that a principal has exercised, its latest ones only. */
export interface PermissionUseTable {
  principal_id: string;
  permission: string;
  organization_id: string;
  last_at: number;
}

export interface PrincipalGroupTable {
  id: string;
  organization_id: string;
  name: string;
  name_key: string;
  search_text: string;
  description: string;
  external_id: string | null;
  member_count: number;
  created_at: number;
  updated_at: number;
  version: number;
}

interface GroupMemberTable {
  group_id: string;
  principal_id: string;
  role: GroupRole;
}

export interface WorkspaceTable {
  id: string;
  organization_id: string;
  name: string;
  name_key: string;
  search_text: string;
  display_name: string;
  description: string;
  external_id: string | null;
  created_at: number;
  updated_at: number;
  version: number;
}

interface WorkspaceMemberTable {
  workspace_id: string;
  principal_id: string;
  /** Name of a built-in role, or id of a custom one. */
  role_id: string;
}

interface WorkspaceGroupTable {
  workspace_id: string;
  group_id: string;
  role_id: string;
}

export interface RoleTable {
  id: string;
  organization_id: string;
  name: string;
  name_key: string;
  /** JSON: the names, sorted. */
  permissions: string;
  version: number;
}

export interface RegisteredPermissionTable {
  organization_id: string;
  name: string;
  description: string;
  version: number;
}

/** A link for the first person; there are several where several processes have started. */
export interface SetupLinkTable {
  digest: string;
  organization_id: string;
  expires_at: number;
}

/** A link that lets a person in, until it is used or its time is over. */
export interface InvitationTable {
  member_id: string;
  organization_id: string;
  digest: string;
  expires_at: number;
  /** null: the operator. */
  invited_by: string | null;
}
