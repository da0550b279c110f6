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
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from './door.ts';

/** The truth about access, made and asked over HTTP: of principals by /access/check, of tokens by /tokens/verify. */
describe.each(engines)('on $name', (engine) => {
  describe.each(readStories().map((story) => [story.story, story] as const))('%s', (_, story) => {
    let door: Door;
    let made: MadeStory;
    /** The value of each token, by its id, and whose it is. */
    const values = new Map<string, { readonly value: string; readonly principalId: string }>();

    beforeAll(async () => {
      door = await openDoor(engine);
      made = await makeStory(story, maker());
    });
    afterAll(() => door.close());

    test.each(questionsOf(story).map((question) => [question.title, question] as const))(
      '%s',
      async (_title, asked) => {
        expect(await isAllowed(asked)).toBe(asked.allowed);
      },
    );

    async function send(method: string, path: string, body: unknown, status: number) {
      const answer = await door.call(method, `/api/v1${path}`, { body });
      expect(answer.status, answer.text).toBe(status);
      return answer.body;
    }

    function maker(): StoryMaker {
      return {
        async registerPermission(name) {
          await send('POST', '/permissions', { name }, 201);
        },
        createRole: async (name, permissions) => (await send('POST', '/roles', { name, permissions }, 201)).id,
        createWorkspace: async (name) => (await send('POST', '/workspaces', { name }, 201)).id,
        createGroup: async (name) => (await send('POST', '/groups', { name }, 201)).id,
        createPrincipal: (displayName, organizationRole) => door.createAccount({ displayName, organizationRole }),
        async setGroupMember(groupId, principalId, role) {
          await send('PUT', `/groups/${groupId}/members/${principalId}`, { role }, 200);
        },
        async setWorkspaceGroup(workspaceId, groupId, role) {
          await send('PUT', `/workspaces/${workspaceId}/groups/${groupId}`, { role }, 200);
        },
        async setWorkspaceMember(workspaceId, principalId, role) {
          await send('PUT', `/workspaces/${workspaceId}/members/${principalId}`, { role }, 200);
        },
        async createToken(name, principalId, restrictions) {
          const { id, value } = await door.createToken(principalId, { name, restrictions });
          values.set(id, { value, principalId });
          return id;
        },
      };
    }

    async function isAllowed({ subject, place, permission }: Question): Promise<boolean> {
      const tokenId = made.tokens.get(subject);
      if (place.kind === 'group') return isAllowedInGroup(subject, tokenId, idOf(made.groups, place.name), permission);
      // By name here, and by id in the reports below.
      const where = { permission, ...(place.kind === 'workspace' && { workspace: place.name.toUpperCase() }) };
      if (!/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/.test(permission)) return false;
      const body =
        tokenId === undefined
          ? await send('POST', '/access/check', { principalId: idOf(made.principals, subject), ...where }, 200)
          : await send('POST', '/tokens/verify', { token: values.get(tokenId)?.value, ...where }, 200);
      expect(body.allowed ? body.because.length : body.missing).toBeTruthy();
      return body.allowed;
    }

    /** Groups are no place for `check`: the report of the account tells. */
    async function isAllowedInGroup(subject: string, tokenId: string | undefined, id: string, permission: string) {
      const principalId = tokenId === undefined ? idOf(made.principals, subject) : values.get(tokenId)?.principalId;
      const query = tokenId === undefined ? '' : `?tokenId=${tokenId}`;
      const report = await send('GET', `/service-accounts/${principalId}/access${query}`, undefined, 200);
      type Held = { readonly permission: string; readonly withheldBy: string | null };
      const own: Held[] = report.groups.find((group: { readonly id: string }) => group.id === id)?.permissions ?? [];
      const everywhere: Held[] = permission.startsWith('group') ? report.organization : [];
      return [...own, ...everywhere].some((held) => held.permission === permission && held.withheldBy === null);
    }
  });
});
