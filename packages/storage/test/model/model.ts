/**
 * The reference that the real thing is held against: what an organization is, in plain sets, and who may do what, written
 * as one would say it aloud. It shares nothing with core: no tables, no compiling, no memory.
 */

export const PRINCIPALS = ['ann', 'bob', 'cem'] as const;
export const WORKSPACES = ['prod', 'lab'] as const;
export const GROUPS = ['red', 'blue'] as const;
export const ROLES = ['first', 'second'] as const;
export const REGISTERED = ['orders.read', 'orders.write'] as const;

export type Principal = (typeof PRINCIPALS)[number];
export type Workspace = (typeof WORKSPACES)[number];
export type Group = (typeof GROUPS)[number];
export type CustomRole = (typeof ROLES)[number];
export type Registered = (typeof REGISTERED)[number];
export type WorkspaceRole = 'viewer' | 'member' | 'manager' | CustomRole;

const READ = ['workspace.read', 'workspace_member.read'];
const EVERYTHING = [...READ, 'workspace.run', 'workspace.update', 'workspace_member.update'];
export const PERMISSIONS: readonly string[] = [...EVERYTHING, ...REGISTERED];

/** Each step names one mutation. */
export type Step =
  | { readonly do: 'create workspace' | 'delete workspace'; readonly workspace: Workspace }
  | { readonly do: 'create group' | 'delete group'; readonly group: Group }
  | { readonly do: 'register' | 'unregister'; readonly permission: Registered }
  | { readonly do: 'create role' | 'change role'; readonly role: CustomRole; readonly permissions: readonly string[] }
  | { readonly do: 'delete role'; readonly role: CustomRole }
  | { readonly do: 'organization role'; readonly who: Principal; readonly role: 'admin' | 'member' | 'verifier' }
  | { readonly do: 'disable' | 'enable'; readonly who: Principal }
  | { readonly do: 'join'; readonly who: Principal; readonly group: Group; readonly role: 'member' | 'manager' }
  | { readonly do: 'leave'; readonly who: Principal; readonly group: Group }
  | { readonly do: 'give'; readonly who: Principal; readonly workspace: Workspace; readonly role: WorkspaceRole }
  | { readonly do: 'take'; readonly who: Principal; readonly workspace: Workspace }
  | { readonly do: 'carry'; readonly group: Group; readonly workspace: Workspace; readonly role: WorkspaceRole }
  | { readonly do: 'drop'; readonly group: Group; readonly workspace: Workspace };

export interface Model {
  readonly workspaces: Set<Workspace>;
  readonly groups: Set<Group>;
  readonly registered: Set<string>;
  readonly roles: Map<CustomRole, readonly string[]>;
  readonly admins: Set<Principal>;
  readonly disabled: Set<Principal>;
  /** `who in group`, `who in workspace`, `group in workspace`. */
  readonly members: Map<string, 'member' | 'manager'>;
  readonly given: Map<string, WorkspaceRole>;
  readonly carried: Map<string, WorkspaceRole>;
}

export function createModel(): Model {
  return {
    workspaces: new Set(),
    groups: new Set(),
    registered: new Set(),
    roles: new Map(),
    admins: new Set(),
    disabled: new Set(),
    members: new Map(),
    given: new Map(),
    carried: new Map(),
  };
}

/** Makes the step, or says with which code it must be refused; then nothing has changed. */
export function apply(model: Model, step: Step): string | undefined {
  const { workspaces, groups, registered, roles, members, given, carried } = model;
  switch (step.do) {
    case 'create workspace':
      if (workspaces.has(step.workspace)) return 'workspace.name_taken';
      workspaces.add(step.workspace);
      return undefined;
    case 'delete workspace':
      if (!workspaces.delete(step.workspace)) return 'workspace.not_found';
      forget(given, ` in ${step.workspace}`);
      forget(carried, ` in ${step.workspace}`);
      return undefined;
    case 'create group':
      if (groups.has(step.group)) return 'group.name_taken';
      groups.add(step.group);
      return undefined;
    case 'delete group':
      if (!groups.delete(step.group)) return 'group.not_found';
      forget(members, ` in ${step.group}`);
      for (const workspace of WORKSPACES) carried.delete(`${step.group} in ${workspace}`);
      return undefined;
    case 'register':
      if (registered.has(step.permission)) return 'permission.name_taken';
      registered.add(step.permission);
      return undefined;
    case 'unregister':
      if (!registered.has(step.permission)) return 'permission.not_found';
      if ([...roles.values()].some((each) => each.includes(step.permission))) return 'permission.in_use';
      registered.delete(step.permission);
      return undefined;
    case 'create role':
      if (!areKnown(model, step.permissions)) return 'request.invalid';
      if (roles.has(step.role)) return 'role.name_taken';
      roles.set(step.role, step.permissions);
      return undefined;
    case 'change role':
      if (!roles.has(step.role)) return 'role.not_found';
      if (!areKnown(model, step.permissions)) return 'request.invalid';
      roles.set(step.role, step.permissions);
      return undefined;
    case 'delete role':
      if (!roles.has(step.role)) return 'role.not_found';
      if ([...given.values(), ...carried.values()].includes(step.role)) return 'role.in_use';
      roles.delete(step.role);
      return undefined;
    case 'organization role':
      if (step.role === 'admin') model.admins.add(step.who);
      else model.admins.delete(step.who);
      return undefined;
    case 'disable':
      model.disabled.add(step.who);
      return undefined;
    case 'enable':
      model.disabled.delete(step.who);
      return undefined;
    case 'join':
      if (!groups.has(step.group)) return 'group.not_found';
      members.set(`${step.who} in ${step.group}`, step.role);
      return undefined;
    case 'leave':
      if (!groups.has(step.group)) return 'group.not_found';
      return members.delete(`${step.who} in ${step.group}`) ? undefined : 'membership.not_found';
    case 'give':
      if (!workspaces.has(step.workspace)) return 'workspace.not_found';
      if (!isRole(model, step.role)) return 'role.not_found';
      given.set(`${step.who} in ${step.workspace}`, step.role);
      return undefined;
    case 'take':
      if (!workspaces.has(step.workspace)) return 'workspace.not_found';
      return given.delete(`${step.who} in ${step.workspace}`) ? undefined : 'membership.not_found';
    case 'carry':
      if (!workspaces.has(step.workspace)) return 'workspace.not_found';
      if (!groups.has(step.group)) return 'group.not_found';
      if (!isRole(model, step.role)) return 'role.not_found';
      carried.set(`${step.group} in ${step.workspace}`, step.role);
      return undefined;
    case 'drop':
      if (!workspaces.has(step.workspace)) return 'workspace.not_found';
      return carried.delete(`${step.group} in ${step.workspace}`) ? undefined : 'membership.not_found';
  }
}

/** May this principal do that in this workspace? */
export function mayDo(model: Model, who: Principal, permission: string, workspace: Workspace): boolean {
  if (model.disabled.has(who) || !model.workspaces.has(workspace)) return false;
  const everything = [...EVERYTHING, ...model.registered];
  if (model.admins.has(who)) return everything.includes(permission);
  const throughGroups = GROUPS.filter((group) => model.members.has(`${who} in ${group}`)).map((group) =>
    model.carried.get(`${group} in ${workspace}`),
  );
  const held = [model.given.get(`${who} in ${workspace}`), ...throughGroups].flatMap((role) => {
    if (role === undefined) return [];
    if (role === 'manager') return everything;
    if (role === 'member') return [...READ, 'workspace.run'];
    if (role === 'viewer') return READ;
    return model.roles.get(role) ?? [];
  });
  return held.includes(permission);
}

/** A step as one says it, for a failure that reads like a scenario. */
export function tell(step: Step): string {
  const { do: verb, ...parts } = step;
  return `- ${verb}: ${Object.values(parts)
    .map((part) => (Array.isArray(part) ? `[${part.join(', ')}]` : part))
    .join(' ')}`;
}

function isRole({ roles }: Model, role: WorkspaceRole): boolean {
  return role === 'viewer' || role === 'member' || role === 'manager' || roles.has(role);
}

function areKnown({ registered }: Model, permissions: readonly string[]): boolean {
  return permissions.every((each) => EVERYTHING.includes(each) || registered.has(each));
}

function forget(map: Map<string, unknown>, ending: string): void {
  for (const key of [...map.keys()]) if (key.endsWith(ending)) map.delete(key);
}
