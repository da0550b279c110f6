import {
  DomainError,
  invalidField,
  type MutationContext,
  type NewPermission,
  type OrganizationId,
  PERMISSIONS,
  type PermissionName,
  type RegisteredPermission,
} from '@postern/core';
import type { Kysely, Selectable } from 'kysely';
import { toPermissions } from './access-facts.ts';
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
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';
import type { RegisteredPermissionTable } from './schema-access.ts';

type PermissionRow = Selectable<RegisteredPermissionTable>;

/** By name. */
export async function listPermissions(
  { db }: Reading,
  organizationId: OrganizationId,
): Promise<readonly RegisteredPermission[]> {
  const rows = await db
    .selectFrom('registered_permission')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('name')
    .execute();
  return rows.map(toPermission);
}

export function createPermission(
  scope: MutationScope,
  context: MutationContext,
  { name, description }: NewPermission,
): Promise<Commit<RegisteredPermission>> {
  return mutate(scope, context, async ({ db }) => {
    const row: PermissionRow = { organization_id: context.organizationId, name, description, version: 1 };
    await db.insertInto('registered_permission').values(row).execute();
    return changed('permission.create', row, toPermission(row), {});
  });
}

export function updatePermission(
  scope: MutationScope,
  context: MutationContext,
  name: PermissionName,
  { description }: { readonly description: string },
): Promise<Commit<RegisteredPermission>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requirePermissionRow(mutation, name);
    requireVersion(context, row.version);
    if (row.description === description) return unchanged(toPermission(row));
    const written = { description, version: row.version + 1 };
    await mutation.db
      .updateTable('registered_permission')
      .set(written)
      .where('organization_id', '=', context.organizationId)
      .where('name', '=', name)
      .execute();
    const after = { ...row, ...written };
    return changed('permission.update', after, toPermission(after), { changed: ['description'] });
  });
}

/** Throws `permission.in_use` while a custom role names it. */
export function deletePermission(
  scope: MutationScope,
  context: MutationContext,
  name: PermissionName,
): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const { db } = mutation;
    const row = await requirePermissionRow(mutation, name);
    requireVersion(context, row.version);
    const roles = await db
      .selectFrom('role')
      .select('permissions')
      .where('organization_id', '=', context.organizationId)
      .execute();
    if (roles.some(({ permissions }) => toPermissions(permissions).includes(name))) {
      throw new DomainError('permission.in_use');
    }
    await db
      .deleteFrom('registered_permission')
      .where('organization_id', '=', context.organizationId)
      .where('name', '=', name)
      .execute();
    return revoking(changed('permission.delete', row, null, {}), { kind: 'permission', id: name });
  });
}

/** The names that the organization registered. */
export async function findRegistered(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
): Promise<ReadonlySet<PermissionName>> {
  const rows = await db
    .selectFrom('registered_permission')
    .select('name')
    .where('organization_id', '=', organizationId)
    .execute();
  return new Set(rows.map(({ name }) => name));
}

/** Throws `request.invalid` at the first name that is neither built in nor registered. */
export async function requireKnown(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  names: readonly PermissionName[],
  path: string,
): Promise<void> {
  if (names.every(isBuiltIn)) return;
  const registered = await findRegistered(db, organizationId);
  const unknown = names.findIndex((name) => !isBuiltIn(name) && !registered.has(name));
  if (unknown >= 0) throw invalidField(`${path}/${unknown}`, 'is neither a built-in nor a registered permission');
}

function isBuiltIn(name: PermissionName): boolean {
  return Object.hasOwn(PERMISSIONS, name);
}

async function requirePermissionRow({ db, context }: Mutation, name: PermissionName): Promise<PermissionRow> {
  const row = await db
    .selectFrom('registered_permission')
    .selectAll()
    .where('organization_id', '=', context.organizationId)
    .where('name', '=', name)
    .executeTakeFirst();
  if (!row) throw new DomainError('permission.not_found');
  return row;
}

function toPermission({ name, description, version }: PermissionRow): RegisteredPermission {
  return { name, description, version };
}

function changed<Result>(
  action: 'permission.create' | 'permission.update' | 'permission.delete',
  row: PermissionRow,
  result: Result,
  details: Readonly<Record<string, unknown>>,
): Effect<Result> {
  return {
    changed: true,
    result,
    audit: { action, target: { kind: 'permission', id: row.name, displayName: row.name }, details },
    change: { kind: 'permission', subjectId: row.name },
  };
}
