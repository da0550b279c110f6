import { randomBytes } from 'node:crypto';
import {
  admitToken,
  type BuiltInRole,
  decide,
  type GroupId,
  newId,
  ORGANIZATION,
  type Place,
  type PrincipalId,
  type RoleId,
  type ServiceAccountId,
  type Subject,
  subjectOf,
  subjectOfPrincipal,
  type TokenDigest,
  type WorkspaceId,
} from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  idOf,
  type MadeStory,
  makeStory,
  type Question,
  questionsOf,
  readStories,
  type StoryMaker,
} from '../../../testing/story.ts';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, type World } from './world.ts';

/** The truth about access, asked of facts that went through the database. */
describe.each(engines)('on $name', (engine) => {
  describe.each(readStories().map((story) => [story.story, story] as const))('%s', (_, story) => {
    let database: TestDatabase;
    let world: World;
    let made: MadeStory;
    const digests = new Map<string, TokenDigest>();

    beforeAll(async () => {
      database = await engine.open();
      world = await createWorld(database);
      made = await makeStory(story, maker());
    });
    afterAll(() => database.destroy());

    test.each(questionsOf(story).map((question) => [question.title, question] as const))(
      '%s',
      async (_title, asked) => {
        const subject = await subjectNamed(asked.subject);
        expect(decide(subject, asked.permission, placeOf(asked.place)).allowed).toBe(asked.allowed);
      },
    );

    function maker(): StoryMaker {
      const { storage, clock } = database;
      const context = () => world.context();
      return {
        async registerPermission(name) {
          await storage.createPermission(context(), { name, description: '' });
        },
        async createRole(name, permissions) {
          const id = newId('role', clock, randomBytes);
          await storage.createRole(context(), { id, name, permissions });
          return id;
        },
        async createWorkspace(name) {
          const { workspace } = world.newPlaces(name);
          return (await storage.createWorkspace(context(), workspace)).result.id;
        },
        async createGroup(name) {
          const { group } = world.newPlaces(name);
          return (await storage.createGroup(context(), group)).result.id;
        },
        async createPrincipal(displayName, organizationRole) {
          return (await world.createAccount({ displayName, organizationRole })).id;
        },
        async setGroupMember(id, principalId, role) {
          await storage.setGroupMember(context(), id as GroupId, { principalId: principalId as PrincipalId, role });
        },
        async setWorkspaceGroup(id, groupId, roleId) {
          const grant = { groupId: groupId as GroupId, roleId: roleId as BuiltInRole | RoleId };
          await storage.setWorkspaceGroup(context(), id as WorkspaceId, grant);
        },
        async setWorkspaceMember(id, principalId, roleId) {
          const member = { principalId: principalId as PrincipalId, roleId: roleId as BuiltInRole | RoleId };
          await storage.setWorkspaceMember(context(), id as WorkspaceId, member);
        },
        async createToken(name, principalId, { permissions, workspaces }) {
          const restrictions = {
            ...(permissions && { permissions }),
            ...(workspaces && { workspaces: workspaces as readonly WorkspaceId[] }),
          };
          const { token, digest } = await world.createToken(principalId as ServiceAccountId, { name, restrictions });
          digests.set(token.id, digest);
          return token.id;
        },
      };
    }

    async function subjectNamed(name: string): Promise<Subject> {
      const tokenId = made.tokens.get(name);
      if (tokenId === undefined) {
        const id = idOf(made.principals, name) as PrincipalId;
        const found = await database.storage.findPrincipal(world.organizationId, id);
        if (!found) throw new Error(`${name} is not there`);
        return subjectOfPrincipal(found);
      }
      const record = await world.find(digests.get(tokenId) as TokenDigest);
      const admission = record && admitToken(record, database.clock.now(), null);
      if (!admission?.admitted) throw new Error(`the token ${name} is not valid`);
      return subjectOf(admission.record);
    }

    function placeOf(place: Question['place']): Place {
      if (place.kind === 'organization') return ORGANIZATION;
      return place.kind === 'group'
        ? { kind: 'group', id: idOf(made.groups, place.name) as GroupId }
        : { kind: 'workspace', id: idOf(made.workspaces, place.name) as WorkspaceId };
    }
  });
});
