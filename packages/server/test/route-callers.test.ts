import { readFileSync } from 'node:fs';
import { DomainError, type Storage } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { MUTATIONS, READINGS } from '../../storage/src/operation.ts';
import { engines, type TestEngine } from '../../storage/test/engines.ts';
import { type Door, openDoor } from './door.ts';
import { listOperations, parametersOf } from './operations.ts';
import { joinAndSignIn, ORIGIN, QUICK_PASSWORDS } from './person.ts';

/**
 * Every route × every kind of caller. The rows are testing/truth/routes.yaml: a route without one fails here, and so does a
 * row without a route.
 */
const CALLERS = [
  'anonymous',
  'expired',
  'outsider',
  'stranger',
  'member',
  'group manager',
  'workspace manager',
  'restricted',
  'admin',
  'person',
  'admin person',
] as const;
type CallerName = (typeof CALLERS)[number];

/** What is there to be asked about, made anew for each row and caller. */
interface Targets {
  readonly id: string;
  readonly tokenId: string;
  readonly value: string;
  readonly group: string;
  readonly workspace: string;
  readonly role: string;
  readonly name: string;
  readonly principal: string;
  readonly groupId: string;
  readonly member: string;
  readonly invitation: string;
  readonly session: string;
}

const rows = parse(readFileSync(new URL('../../../testing/truth/routes.yaml', import.meta.url), 'utf8')) as Record<
  string,
  string
>;
const operations = await listOperations();

/** After the first mutation that has been done, nothing can be asked any more: what was answered 503 would have been done. */
function loseDatabaseAfterCommit(storage: Storage): () => void {
  const operations = storage as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const before = { ...operations };
  let isDone = false;
  for (const name of [...Object.keys(MUTATIONS), ...Object.keys(READINGS)]) {
    const operation = before[name];
    if (!operation) continue;
    operations[name] = async (...args) => {
      if (isDone) throw new DomainError('storage.unavailable');
      const result = await operation(...args);
      isDone = name in MUTATIONS;
      return result;
    };
  }
  return () => void Object.assign(operations, before);
}

test('every route has a row, and every row a route', () => {
  expect(Object.keys(rows).sort()).toEqual(operations.map(({ id }) => id).sort());
});

describe('answers with the status of its row', () => {
  let door: Door;
  let count = 0;
  /** The cookies of people who have signed in. */
  const cookies = new Map<CallerName, string>();

  beforeAll(async () => {
    door = await openDoor(engines[0] as TestEngine, { issuer: () => ORIGIN, passwords: QUICK_PASSWORDS });
    cookies.set('person', await joinAndSignIn(door, 'person@example.com', 'member'));
    cookies.set('admin person', await joinAndSignIn(door, 'admin@example.com', 'admin'));
  });
  afterAll(() => door.close());

  test.each(operations.map((operation) => [operation.id, operation] as const))('%s', async (id, operation) => {
    const found: string[] = [];
    const needed = new Set(parametersOf(operation));
    for (const caller of CALLERS) {
      const targets = await makeTargets(needed);
      const credential = await credentialOf(caller, targets);
      const path =
        operation.path.replace(/\{(\w+)\}/g, (_, name: keyof Targets) => targets[name]) + queryOf(id, targets);
      const request = requestOf(id, targets);
      const headers = { ...credential.headers, ...request.headers };
      const options = { ...request, token: credential.token, headers };
      const ask = id === 'followChanges' ? door.open(path, options) : door.call(operation.method, path, options);
      found.push(String((await ask).status));
    }
    expect(found.join(' ')).toBe(rows[id]);
  });

  /** By whom an operation can be asked with success. */
  function whoMay(id: string): CallerName | undefined {
    const statuses = rows[id]?.split(' ') ?? [];
    return (['admin', 'admin person', 'anonymous'] as const).find((caller) =>
      statuses[CALLERS.indexOf(caller)]?.startsWith('2'),
    );
  }

  const answered = operations.filter(({ id }) => id !== 'followChanges' && whoMay(id) !== undefined);

  test.each(answered.map((operation) => [operation.id, operation] as const))(
    '%s answers alike where the database goes away with its commit',
    async (id, operation) => {
      const caller = whoMay(id) as CallerName;
      const targets = await makeTargets(new Set(parametersOf(operation)));
      const { token, headers } = await credentialOf(caller, targets);
      const path =
        operation.path.replace(/\{(\w+)\}/g, (_, name: keyof Targets) => targets[name]) + queryOf(id, targets);
      const request = requestOf(id, targets);
      const restore = loseDatabaseAfterCommit(door.server.storage);
      try {
        const options = { ...request, token, headers: { ...headers, ...request.headers } };
        const { status, text } = await door.call(operation.method, path, options);
        expect([status, status < 300 ? '' : text]).toEqual([Number(rows[id]?.split(' ')[CALLERS.indexOf(caller)]), '']);
      } finally {
        restore();
      }
    },
  );

  async function make(path: string, body: unknown) {
    const answer = await door.call('POST', `/api/v1${path}`, { body });
    expect(answer.status, answer.text).toBe(201);
    return answer.body;
  }

  async function put(path: string, body: unknown): Promise<void> {
    const answer = await door.call('PUT', `/api/v1${path}`, { body });
    expect(answer.status, answer.text).toBe(200);
  }

  /** Only what the request needs. */
  async function makeTargets(needed: ReadonlySet<string>): Promise<Targets> {
    count += 1;
    const id = await door.createAccount();
    const token = await door.createToken(id);
    const principal = await door.createAccount();
    const group = needed.has('group') ? (await make('/groups', { name: `group ${count}` })).id : '';
    const groupId = needed.has('groupId') ? (await make('/groups', { name: `other ${count}` })).id : '';
    const workspace = (await make('/workspaces', { name: `workspace-${count}` })).id;
    const role = needed.has('role') ? (await make('/roles', { name: `role ${count}`, permissions: [] })).id : '';
    const name = needed.has('name') ? (await make('/permissions', { name: `thing${count}.read` })).name : '';
    if (needed.has('principal')) {
      if (group) await put(`/groups/${group}/members/${principal}`, { role: 'member' });
      else await put(`/workspaces/${workspace}/members/${principal}`, { role: 'viewer' });
    }
    if (groupId) await put(`/workspaces/${workspace}/groups/${groupId}`, { role: 'viewer' });
    const invited = await door.call('POST', '/api/v1/members', { body: { emails: [`person${count}@example.com`] } });
    const [{ invitation }] = invited.body.items;
    return {
      ...{ id, tokenId: token.id, value: token.value, group, workspace, role, name, principal, groupId },
      member: invitation.member.id,
      invitation: invitation.link.split('#')[1],
      session: `ses_${'0'.repeat(26)}`,
    };
  }

  async function credentialOf(
    caller: CallerName,
    targets: Targets,
  ): Promise<{ readonly token: string | null; readonly headers: Record<string, string> }> {
    const cookie = cookies.get(caller);
    if (cookie !== undefined) return { token: null, headers: { cookie, origin: ORIGIN } };
    return { token: await tokenOf(caller, targets), headers: {} };
  }

  async function tokenOf(caller: CallerName, { group, workspace }: Targets): Promise<string | null> {
    if (caller === 'anonymous') return null;
    if (caller === 'outsider') return door.createOutsider();
    if (caller === 'expired') return expiredToken();
    if (caller === 'admin' || caller === 'restricted') {
      const accountId = await door.createAccount({ organizationRole: 'admin' });
      const restrictions = { permissions: ['workspace.read', 'group.read'], workspaces: [workspace] };
      return (await door.createToken(accountId, caller === 'restricted' ? { restrictions } : {})).value;
    }
    const { accountId, value } = await door.createCaller('member');
    if (caller === 'member') {
      if (group) await put(`/groups/${group}/members/${accountId}`, { role: 'member' });
      await put(`/workspaces/${workspace}/members/${accountId}`, { role: 'member' });
    }
    if (caller === 'group manager' && group) await put(`/groups/${group}/members/${accountId}`, { role: 'manager' });
    if (caller === 'workspace manager') {
      await put(`/workspaces/${workspace}/members/${accountId}`, { role: 'manager' });
    }
    return value;
  }

  async function expiredToken(): Promise<string> {
    const { clock } = door.database;
    const accountId = await door.createAccount({ organizationRole: 'admin' });
    const expiresAt = new Date(clock.now() + 1_000).toISOString();
    const { value } = await door.createToken(accountId, { expiresAt });
    clock.advance(1_000);
    return value;
  }

  /** Of an operation that cannot be asked without. */
  function queryOf(id: string, { workspace }: Targets): string {
    if (id !== 'forwardAuth') return '';
    return `?organization=${door.organizationId}&permission=workspace.read&workspace=${workspace}`;
  }

  /** A valid request of each operation that has a body. */
  function requestOf(
    id: string,
    targets: Targets,
  ): { readonly body?: unknown; readonly raw?: string; readonly headers?: Record<string, string> } {
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, raw: `token=${targets.value}` };
    const bodies: Readonly<Record<string, unknown>> = {
      createOwnToken: { name: 'own' },
      updateOwnToken: { name: 'renamed' },
      inviteMembers: { emails: [`another${count}@example.com`] },
      updateMember: { displayName: 'Renamed' },
      inspectInvitation: { invitation: targets.invitation },
      acceptInvitation: { invitation: targets.invitation, name: 'Somebody', password: 'correct horse battery' },
      inspectSetup: { code: 'x'.repeat(43) },
      completeSetup: {
        ...{ code: 'x'.repeat(43), organizationName: 'Acme', displayName: 'Somebody' },
        ...{ email: 'somebody@example.com', password: 'correct horse battery' },
      },
      createServiceAccount: { displayName: 'New', organizationRole: 'member' },
      updateServiceAccount: { displayName: 'Renamed' },
      createToken: { name: 'new' },
      updateToken: { name: 'renamed' },
      refreshToken: {},
      revokeTokens: { accountId: targets.id },
      reportLeak: { token: 'pst_unknown' },
      createGroup: { name: `new ${count}` },
      updateGroup: { name: `renamed ${count}` },
      setGroupMember: { role: 'member' },
      createWorkspace: { name: `new-${count}` },
      updateWorkspace: { displayName: 'Renamed' },
      setWorkspaceMember: { role: 'viewer' },
      setWorkspaceGroup: { role: 'member' },
      createRole: { name: `new ${count}`, permissions: [] },
      updateRole: { name: `renamed ${count}` },
      createPermission: { name: `new${count}.read` },
      updatePermission: { description: 'described' },
      updateOrganization: { name: 'Renamed' },
      checkAccess: { principalId: targets.id, permission: 'workspace.read' },
      previewAccess: { changes: [{ kind: 'organization_role', principalId: targets.id, role: 'admin' }] },
      verifyToken: { token: targets.value },
      reportUsage: {
        reportId: `report-of-usage-${count}-${'0'.repeat(10)}`,
        items: [
          { tokenId: targets.tokenId, generation: 1, outcome: 'allowed', count: 1, lastAt: '2026-11-23T20:00:00Z' },
        ],
      },
    };
    if (id === 'introspectToken' || id === 'revokeToken') return form;
    return id in bodies ? { body: bodies[id] } : {};
  }
});
