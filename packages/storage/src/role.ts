import {
  BUILT_IN_ROLES,
  type BuiltInRole,
  DomainError,
  type MutationContext,
  type NewRole,
  nameKey,
  type OrganizationId,
  type PermissionName,
  type Role,
  type RoleChange,
  type RoleFacts,
  type RoleId,
  type RoleName,
  requirePermission,
  rolePermissions,
} from '@postern/core';
import type { Kysely, Selectable } from 'kysely';
import { toPermissions } from './access-facts.ts';
import { changedFields } from './changed-fields.ts';
import {
  type Commit,
  type Effect,
  type Mutation,
  type MutationScope,
  mutate,
  requireVersion,
  revoking,
  unchanged,
} from './mutation.ts';
import { findRegistered, requireKnown } from './permission.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';
import type { RoleTable } from './schema-access.ts';

type RoleRow = Selectable<RoleTable>;

export async function findRole(
  { db }: Reading,
  organizationId: OrganizationId,
  id: BuiltInRole | RoleId,
): Promise<Role | undefined> {
  if (isBuiltIn(id)) return toBuiltIn(BUILT_IN_ROLES[id], await findRegistered(db, organizationId));
  const row = await findRow(db, organizationId, id);
  return row && toRole(row);
}

/** The built-in ones first, then by name. */
export async function listRoles({ db }: Reading, organizationId: OrganizationId): Promise<readonly Role[]> {
  const registered = await findRegistered(db, organizationId);
  const rows = await db
    .selectFrom('role')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('name_key')
    .execute();
  return [...Object.values(BUILT_IN_ROLES).map((role) => toBuiltIn(role, registered)), ...rows.map(toRole)];
}

export function createRole(scope: MutationScope, context: MutationContext, role: NewRole): Promise<Commit<Role>> {
  return mutate(scope, context, async (mutation) => {
    const permissions = await requireRolePermissions(mutation, role.permissions);
    requireHeld(mutation, permissions);
    const row: RoleRow = {
      id: role.id,
      organization_id: context.organizationId,
      ...columnsOf({ name: role.name, permissions }),
      version: 1,
    };
    await mutation.db.insertInto('role').values(row).execute();
    return changed('role.create', row, toRole(row), { permissions });
  });
}

/** What the role gains and what it loses, its holders gain and lose: the actor must hold both. */
export function updateRole(
  scope: MutationScope,
  context: MutationContext,
  id: RoleId,
  change: RoleChange,
): Promise<Commit<Role>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requireRow(mutation, id);
    requireVersion(context, row.version);
    const before = toRole(row);
    const permissions = change.permissions && (await requireRolePermissions(mutation, change.permissions));
    const meant = { ...change, ...(permissions && { permissions }) };
    const fields = changedFields(before, meant);
    if (fields.changed.length === 0) return unchanged(before);
    if (permissions) requireHeld(mutation, difference(before.permissions, permissions));
    const written = { ...columnsOf({ ...before, ...meant }), version: row.version + 1 };
    await mutation.db.updateTable('role').set(written).where('id', '=', id).execute();
    const after = { ...row, ...written };
    const effect = changed('role.update', after, toRole(after), { ...fields });
    const kept = permissions ?? before.permissions;
    return before.permissions.every((each) => kept.includes(each)) ? effect : revoking(effect, { kind: 'role', id });
  });
}

/** Throws `role.in_use` while a principal or a group has it somewhere. */
export function deleteRole(scope: MutationScope, context: MutationContext, id: RoleId): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const { db } = mutation;
    const row = await requireRow(mutation, id);
    requireVersion(context, row.version);
    const uses = await db
      .selectFrom('workspace_member')
      .select('role_id')
      .where('role_id', '=', id)
      .unionAll(db.selectFrom('workspace_group').select('role_id').where('role_id', '=', id))
      .limit(1)
      .execute();
    if (uses.length > 0) throw new DomainError('role.in_use');
    await db.deleteFrom('role').where('id', '=', id).execute();
    const effect = changed('role.delete', row, null, { permissions: toPermissions(row.permissions) });
    return revoking(effect, { kind: 'role', id });
  });
}

/** The role of that id, built-in or of the organization. Throws `role.not_found`. */
export async function requireRole(mutation: Mutation, id: BuiltInRole | RoleId): Promise<RoleFacts> {
  if (isBuiltIn(id)) return BUILT_IN_ROLES[id];
  const row = await requireRow(mutation, id);
  return { id, name: row.name, permissions: toPermissions(row.permissions) };
}

export function toRoleName({ id, name }: RoleFacts): RoleName {
  return { id, name };
}

function isBuiltIn(id: string): id is BuiltInRole {
  return Object.hasOwn(BUILT_IN_ROLES, id);
}

/** The names, sorted, each once; all of them known. */
async function requireRolePermissions(
  { db, context }: Mutation,
  names: readonly PermissionName[],
): Promise<readonly PermissionName[]> {
  await requireKnown(db, context.organizationId, names, '/permissions');
  return [...new Set(names)].sort();
}

/** Throws `permission.missing`. */
function requireHeld({ actor }: Mutation, permissions: readonly PermissionName[]): void {
  if (actor) for (const permission of permissions) requirePermission(actor.subject, permission);
}

function difference(one: readonly PermissionName[], other: readonly PermissionName[]): readonly PermissionName[] {
  return [...one.filter((name) => !other.includes(name)), ...other.filter((name) => !one.includes(name))];
}

function toRole(row: RoleRow): Role {
  return {
    id: row.id as RoleId,
    name: row.name,
    builtIn: false,
    permissions: toPermissions(row.permissions),
    version: row.version,
  };
}

function toBuiltIn(role: RoleFacts, registered: ReadonlySet<PermissionName>): Role {
  const { id, name } = role;
  return { id, name, builtIn: true, permissions: [...rolePermissions(role, registered)].sort(), version: 1 };
}

function columnsOf({ name, permissions }: { readonly name: string; readonly permissions: readonly PermissionName[] }) {
  return { name, name_key: nameKey(name), permissions: JSON.stringify(permissions) };
}

function findRow(db: Kysely<Schema>, organizationId: OrganizationId, id: RoleId): Promise<RoleRow | undefined> {
  return db
    .selectFrom('role')
    .selectAll()
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
}

async function requireRow({ db, context }: Mutation, id: RoleId): Promise<RoleRow> {
  const row = await findRow(db, context.organizationId, id);
  if (!row) throw new DomainError('role.not_found');
  return row;
}

function changed<Result>(
  action: 'role.create' | 'role.update' | 'role.delete',
  row: RoleRow,
  result: Result,
  details: Readonly<Record<string, unknown>>,
): Effect<Result> {
  return {
    changed: true,
    result,
    audit: { action, target: { kind: 'role', id: row.id, displayName: row.name }, details },
    change: { kind: 'role', subjectId: row.id },
  };
}
