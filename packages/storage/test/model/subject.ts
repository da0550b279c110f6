import { randomBytes } from 'node:crypto';
import {
  type BuiltInRole,
  createTokenCacheKey,
  createTokenVerifier,
  DomainError,
  decide,
  digestToken,
  type GroupId,
  type Id,
  mintTokenValue,
  newId,
  type Place,
  type RoleId,
  type ServiceAccountId,
  type Subject,
  subjectOf,
  subjectOfPrincipal,
  tokenHint,
  type WorkspaceId,
} from '@postern/core';
import type { TestDatabase } from '../engines.ts';
import { createOtherWorld, key } from '../world.ts';
import {
  type CustomRole,
  PRINCIPALS,
  type Principal,
  type Step,
  WORKSPACES,
  type Workspace,
  type WorkspaceRole,
} from './model.ts';

/** The real thing, as the model sees it: steps are made through the port, and decisions asked in two ways. */
export interface ModelSubject {
  /** The code with which the step was refused; undefined when it was made. */
  apply(step: Step): Promise<string | undefined>;
  /** What everybody may do now. */
  look(): Promise<Look>;
}

export interface Look {
  /** By the facts as the database has them now. */
  mayDo(who: Principal, permission: string, workspace: Workspace): boolean;
  /** By the way of every request: a token, verified from memory as far as it is kept there. Disabling ends the token. */
  tokenMayDo(who: Principal, permission: string, workspace: Workspace): boolean;
}

/** An organization of its own, so that runs can share a database. */
export async function createModelSubject(database: TestDatabase): Promise<ModelSubject> {
  const { storage, cache, clock } = database;
  const world = await createOtherWorld(database);
  const ids = new Map<string, string>();
  const tokens = new Map<Principal, string>();
  const verifier = createTokenVerifier({
    storage: storage.verification,
    cache,
    keys: { current: key },
    now: () => storage.now(),
    cacheKey: createTokenCacheKey(randomBytes),
    onOldDigest: () => undefined,
  });
  async function issue(who: Principal): Promise<void> {
    const value = mintTokenValue(randomBytes);
    const generation = { digest: digestToken(value, key), hint: tokenHint(value), expiresAt: null };
    await world.createToken(principal(who), generation);
    tokens.set(who, value.reveal());
  }

  const principal = (who: Principal) => ids.get(who) as ServiceAccountId;
  const roleId = (role: WorkspaceRole) => {
    const isBuiltIn = role === 'viewer' || role === 'member' || role === 'manager';
    return isBuiltIn ? (role as BuiltInRole) : custom(role);
  };
  const custom = (role: CustomRole) => place('role', role) as RoleId;

  /** The id of what bears that name; of what is not there, one that nothing has. */
  function place<Kind extends 'workspace' | 'group' | 'role'>(kind: Kind, name: string): Id<Kind> {
    const id = ids.get(`${kind} ${name}`) ?? newId(kind, clock, randomBytes);
    return id as Id<Kind>;
  }

  /** A new thing under that name; only once it is there, its id is the name's. */
  async function make<Kind extends 'workspace' | 'group' | 'role'>(
    kind: Kind,
    name: string,
    run: (id: Id<Kind>) => Promise<unknown>,
  ): Promise<void> {
    const id = newId(kind, clock, randomBytes);
    await run(id);
    ids.set(`${kind} ${name}`, id);
  }

  async function run(step: Step): Promise<unknown> {
    const context = world.context();
    const texts = { description: '', externalId: null };
    switch (step.do) {
      case 'create workspace': {
        const { workspace: name } = step;
        return make('workspace', name, (id) =>
          storage.createWorkspace(context, { id, name, displayName: name, ...texts }),
        );
      }
      case 'delete workspace':
        return storage.deleteWorkspace(context, place('workspace', step.workspace));
      case 'create group':
        return make('group', step.group, (id) => storage.createGroup(context, { id, name: step.group, ...texts }));
      case 'delete group':
        return storage.deleteGroup(context, place('group', step.group));
      case 'register':
        return storage.createPermission(context, { name: step.permission, description: '' });
      case 'unregister':
        return storage.deletePermission(context, step.permission);
      case 'create role': {
        const { role: name, permissions } = step;
        return make('role', name, (id) => storage.createRole(context, { id, name, permissions }));
      }
      case 'change role':
        return storage.updateRole(context, custom(step.role), { permissions: step.permissions });
      case 'delete role':
        return storage.deleteRole(context, custom(step.role));
      case 'organization role':
        return storage.updateServiceAccount(context, principal(step.who), { organizationRole: step.role });
      case 'disable':
        return storage.disableServiceAccount(context, principal(step.who));
      case 'enable': {
        const { changed } = await storage.enableServiceAccount(context, principal(step.who));
        return changed && issue(step.who);
      }
      case 'join':
        return storage.setGroupMember(context, group(step), { principalId: principal(step.who), role: step.role });
      case 'leave':
        return storage.removeGroupMember(context, group(step), principal(step.who));
      case 'give': {
        const member = { principalId: principal(step.who), roleId: roleId(step.role) };
        return storage.setWorkspaceMember(context, workspace(step), member);
      }
      case 'take':
        return storage.removeWorkspaceMember(context, workspace(step), principal(step.who));
      case 'carry': {
        const grant = { groupId: group(step), roleId: roleId(step.role) };
        return storage.setWorkspaceGroup(context, workspace(step), grant);
      }
      case 'drop':
        return storage.removeWorkspaceGroup(context, workspace(step), group(step));
    }
  }

  function group(step: { readonly group: string }): GroupId {
    return place('group', step.group);
  }

  function workspace(step: { readonly workspace: string }): WorkspaceId {
    return place('workspace', step.workspace);
  }

  for (const displayName of PRINCIPALS) {
    ids.set(displayName, (await world.createAccount({ displayName })).id);
    await issue(displayName);
  }

  return {
    async apply(step) {
      try {
        await run(step);
        return undefined;
      } catch (error) {
        if (error instanceof DomainError) return error.code;
        throw error;
      }
    },
    async look() {
      const places = new Map<Workspace, Place>();
      for (const name of WORKSPACES) {
        const found = await storage.findWorkspace(world.organizationId, name);
        if (found) places.set(name, { kind: 'workspace', id: found.id });
      }
      const [facts, verdicts] = [new Map<Principal, Subject>(), new Map<Principal, Subject>()];
      for (const who of PRINCIPALS) {
        const found = await storage.findPrincipal(world.organizationId, principal(who));
        if (found) facts.set(who, subjectOfPrincipal(found));
        const verdict = await verifier.verify(tokens.get(who) ?? '', null);
        if (verdict.outcome === 'active') verdicts.set(who, subjectOf(verdict.record));
      }
      const ask = (subjects: ReadonlyMap<Principal, Subject>): Look['mayDo'] => {
        return (who, permission, workspace) => {
          const [subject, place] = [subjects.get(who), places.get(workspace)];
          return subject && place ? decide(subject, permission, place).allowed : false;
        };
      };
      return { mayDo: ask(facts), tokenMayDo: ask(verdicts) };
    },
  };
}
