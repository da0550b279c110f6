import {
  type Authorized,
  boundKey,
  type Domain,
  type MutationOptions,
  mutationContext,
  plainClaim,
} from './command.ts';
import { invalidField } from './error.ts';
import { newId, type RoleId } from './id.ts';
import { PERMISSIONS, type Permission, type PermissionName } from './permission.ts';
import type { RegisteredPermission, Role } from './role.ts';
import { BUILT_IN_ROLES } from './role.ts';
import type { Committed } from './storage.ts';
import type { RoleChange } from './storage-access.ts';
import { nameKey, parseDescription, parseName } from './text.ts';

export interface RoleInput {
  readonly name: string;
  readonly permissions: readonly PermissionName[];
}

export async function createRole(
  domain: Domain,
  caller: Authorized<'role.create'>,
  input: RoleInput,
  options: MutationOptions = {},
): Promise<Committed<Role>> {
  const role = {
    id: newId('role', domain.storage, domain.random),
    name: parseRoleName(input.name),
    permissions: parsePermissions(input.permissions),
  };
  const idempotency = plainClaim(boundKey(domain, caller, options));
  return domain.storage.createRole(mutationContext(domain, caller, { idempotency }), role);
}

export async function updateRole(
  domain: Domain,
  caller: Authorized<'role.update'>,
  id: RoleId,
  input: Partial<RoleInput>,
  options: MutationOptions = {},
): Promise<Committed<Role>> {
  const change: RoleChange = {
    ...(input.name !== undefined && { name: parseRoleName(input.name) }),
    ...(input.permissions !== undefined && { permissions: parsePermissions(input.permissions) }),
  };
  return domain.storage.updateRole(mutationContext(domain, caller, options), id, change);
}

/** Throws `role.in_use` while somebody has it. */
export async function deleteRole(
  domain: Domain,
  caller: Authorized<'role.delete'>,
  id: RoleId,
  options: MutationOptions = {},
): Promise<Committed<null>> {
  return domain.storage.deleteRole(mutationContext(domain, caller, options), id);
}

export async function createPermission(
  domain: Domain,
  caller: Authorized<'permission.create'>,
  input: { readonly name: PermissionName; readonly description?: string },
  options: MutationOptions = {},
): Promise<Committed<RegisteredPermission>> {
  if (Object.hasOwn(PERMISSIONS, input.name)) throw invalidField('/name', 'is the name of a built-in permission');
  const permission = { name: input.name, description: parseDescription(input.description ?? '', '/description') };
  const idempotency = plainClaim(boundKey(domain, caller, options));
  return domain.storage.createPermission(mutationContext(domain, caller, { idempotency }), permission);
}

export async function updatePermission(
  domain: Domain,
  caller: Authorized<'permission.update'>,
  name: PermissionName,
  input: { readonly description: string },
  options: MutationOptions = {},
): Promise<Committed<RegisteredPermission>> {
  const description = parseDescription(input.description, '/description');
  return domain.storage.updatePermission(mutationContext(domain, caller, options), name, { description });
}

/** Throws `permission.in_use` while a custom role names it. */
export async function deletePermission(
  domain: Domain,
  caller: Authorized<'permission.delete'>,
  name: PermissionName,
  options: MutationOptions = {},
): Promise<Committed<null>> {
  return domain.storage.deletePermission(mutationContext(domain, caller, options), name);
}

/** Names that read like a built-in role's are refused, whatever their case, width or spaces. */
function parseRoleName(text: string): string {
  const name = parseName(text, '/name');
  if (Object.hasOwn(BUILT_IN_ROLES, nameKey(name).replaceAll(' ', '')))
    throw invalidField('/name', 'is the name of a built-in role');
  return name;
}

/** Built-in names must be workspace permissions; whether others are registered is checked under the lock. */
function parsePermissions(names: readonly PermissionName[]): readonly PermissionName[] {
  for (const [index, name] of names.entries()) {
    if (Object.hasOwn(PERMISSIONS, name) && PERMISSIONS[name as Permission].scope !== 'workspace') {
      throw invalidField(
        `/permissions/${index}`,
        'is not a workspace permission; custom roles hold workspace permissions only',
      );
    }
  }
  return names;
}
