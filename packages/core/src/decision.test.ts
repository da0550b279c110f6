import { describe, expect, test } from 'vitest';
import { questionsOf, readStories, type Story } from '../../../testing/story.ts';
import { compileAccess, ORGANIZATION, type Place, type WorkspaceGrant } from './access.ts';
import {
  decide,
  heldPermissions,
  missingToGrant,
  requireGrantable,
  requireOrganizationRoleGrantable,
  requirePermission,
  type Subject,
} from './decision.ts';
import { DomainError } from './error.ts';
import type { GroupId, RoleId, WorkspaceId } from './id.ts';
import type { OrganizationRole } from './organization.ts';
import type { Restrictions } from './restriction.ts';
import { BUILT_IN_ROLES, type BuiltInRole, type RoleFacts } from './role.ts';

const workspace = (name: string) => `ws_${name}` as WorkspaceId;
const group = (name: string) => `grp_${name}` as GroupId;

function roleOf(story: Story, name: string): RoleFacts {
  const custom = story.roles?.[name];
  return custom ? { id: name as RoleId, name, permissions: custom } : BUILT_IN_ROLES[name as BuiltInRole];
}

function subjectOf(story: Story, name: string): Subject {
  const token = story.tokens?.[name];
  const principalName = token?.of ?? name;
  const principal = story.principals[principalName];
  if (!principal) throw new Error(`${story.story}: nobody is called ${name}`);
  const groups = Object.entries(story.groups ?? {}).filter(([, { members }]) => members?.[principalName]);
  const grant = (where: string, role: string, through: string | null): WorkspaceGrant => ({
    workspaceId: workspace(where),
    workspaceName: where,
    role: roleOf(story, role),
    group: through === null ? null : { id: group(through), name: through },
  });
  const access = compileAccess({
    organizationRole: principal.organization ?? 'member',
    registered: new Set(story.permissions),
    groups: groups.map(([id, { members }]) => ({
      id: group(id),
      name: id,
      role: members?.[principalName] ?? 'member',
    })),
    grants: [
      ...Object.entries(principal.workspaces ?? {}).map(([where, role]) => grant(where, role, null)),
      ...groups.flatMap(([through, { carries }]) =>
        Object.entries(carries ?? {}).map(([where, role]) => grant(where, role, through)),
      ),
    ],
  });
  const restrictions: Restrictions | null = token
    ? {
        ...(token.permissions && { permissions: token.permissions }),
        ...(token.workspaces && { workspaces: token.workspaces.map(workspace) }),
      }
    : null;
  return { access, restrictions, suspended: null };
}

function placeOf(place: { readonly kind: string; readonly name?: string }): Place {
  if (place.kind === 'organization') return ORGANIZATION;
  return place.kind === 'group'
    ? { kind: 'group', id: group(place.name ?? '') }
    : { kind: 'workspace', id: workspace(place.name ?? '') };
}

describe.each(readStories().map((story) => [story.story, story] as const))('%s', (_, story) => {
  test.each(questionsOf(story).map((question) => [question.title, question] as const))(
    '%s',
    (_title, { subject, place, permission, allowed }) => {
      const who = subjectOf(story, subject);
      expect(decide(who, permission, placeOf(place)).allowed).toBe(allowed);
      expect(heldPermissions(who, placeOf(place)).includes(permission)).toBe(allowed);
    },
  );
});

test('the stories hold at least 150 lines, both ways', () => {
  const lines = readStories().flatMap(questionsOf);
  expect(lines.filter((line) => line.allowed).length).toBeGreaterThan(60);
  expect(lines.filter((line) => !line.allowed).length).toBeGreaterThan(90);
});

describe('a decision', () => {
  const story: Story = {
    story: 'why',
    workspaces: ['prod'],
    groups: { builders: { carries: { prod: 'member' }, members: { job: 'member' } } },
    principals: { job: { workspaces: { prod: 'viewer' } } },
    tokens: { narrow: { of: 'job', permissions: ['workspace.read'] }, elsewhere: { of: 'job', workspaces: ['lab'] } },
    truth: {},
  };
  const prod: Place = { kind: 'workspace', id: workspace('prod') };

  test('names every source', () => {
    expect(decide(subjectOf(story, 'job'), 'workspace.read', prod)).toEqual({
      allowed: true,
      because: [
        { source: 'workspace_role', role: { id: 'viewer', name: 'viewer' }, group: null },
        {
          source: 'workspace_role',
          role: { id: 'member', name: 'member' },
          group: { id: group('builders'), name: 'builders' },
        },
      ],
    });
  });

  test('says what is missing, whether the token is to blame, and who could grant it', () => {
    expect(decide(subjectOf(story, 'job'), 'workspace.update', prod)).toEqual({
      allowed: false,
      missing: {
        permission: 'workspace.update',
        scope: 'workspace',
        placeId: prod.id,
        withheldBy: null,
        grantableBy: ['organization_admin', 'workspace_manager'],
      },
    });
    expect(decide(subjectOf(story, 'narrow'), 'workspace.run', prod)).toMatchObject({
      missing: { withheldBy: 'token_permissions' },
    });
    expect(decide(subjectOf(story, 'elsewhere'), 'workspace.run', prod)).toMatchObject({
      missing: { withheldBy: 'token_workspaces' },
    });
  });

  test("a name that is not registered is nobody's, whatever an old role says", () => {
    const old: Story = { ...story, permissions: [], roles: { old: ['workspace.read', 'orders.read'] } };
    const ghost: Story = { ...old, principals: { ghost: { workspaces: { prod: 'old' } } } };
    expect(decide(subjectOf(ghost, 'ghost'), 'workspace.read', prod).allowed).toBe(true);
    expect(decide(subjectOf(ghost, 'ghost'), 'orders.read', prod).allowed).toBe(false);
  });

  test('a suspended subject may do nothing, and hears why', () => {
    const suspended = { ...subjectOf(story, 'job'), suspended: 'disabled' } as const;
    expect(decide(suspended, 'workspace.read', prod)).toMatchObject({ missing: { withheldBy: 'disabled' } });
  });

  test('that refuses says which permission is missing and where', () => {
    expect(() => requirePermission(subjectOf(story, 'job'), 'token.create')).toThrow(DomainError);
    expect(() => requirePermission(subjectOf(story, 'job'), 'workspace.update', prod)).toThrow(
      /workspace\.update in workspace ws_prod/,
    );
  });
});

describe('granting', () => {
  const story: Story = {
    story: 'granting',
    permissions: ['invoices.read'],
    roles: { invoicer: ['invoices.read'], updater: ['workspace.update', 'workspace_member.update'] },
    workspaces: ['prod', 'lab'],
    principals: {
      root: { organization: 'admin' },
      boss: { workspaces: { prod: 'manager' } },
      deputy: { workspaces: { prod: 'updater' } },
      gate: { organization: 'verifier' },
      job: {},
    },
    tokens: {
      'root-granting': {
        of: 'root',
        permissions: ['workspace_member.update', 'workspace.read', 'workspace_member.read'],
      },
    },
    truth: {},
  };

  test.each<[string, string, string, boolean]>([
    ['root', 'prod', 'manager', true],
    ['boss', 'prod', 'manager', true],
    ['boss', 'prod', 'invoicer', true],
    ['boss', 'lab', 'viewer', false],
    ['deputy', 'prod', 'updater', true],
    ['deputy', 'prod', 'viewer', false],
    ['deputy', 'prod', 'manager', false],
    ['root-granting', 'prod', 'viewer', true],
    ['root-granting', 'prod', 'member', false],
    ['job', 'prod', 'viewer', false],
  ])('%s in %s, the role %s: %s', (actor, where, role, allowed) => {
    const asked = [subjectOf(story, actor), workspace(where), roleOf(story, role)] as const;
    const attempt = () => requireGrantable(...asked);
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(DomainError);
    expect(missingToGrant(...asked) === undefined).toBe(allowed);
  });

  test('names the first permission of the role that is not held there, and whether the token is to blame', () => {
    const asked = (actor: string) =>
      missingToGrant(subjectOf(story, actor), workspace('prod'), roleOf(story, 'member'));
    expect(asked('deputy')).toMatchObject({ permission: 'workspace.read', placeId: 'ws_prod', withheldBy: null });
    expect(asked('root-granting')).toMatchObject({ permission: 'workspace.run', withheldBy: 'token_permissions' });
  });

  test('what replaces a role and what is replaced are both compared', () => {
    const attempt = (before: string) => () =>
      requireGrantable(subjectOf(story, 'deputy'), workspace('prod'), roleOf(story, 'updater'), roleOf(story, before));
    expect(attempt('updater')).not.toThrow();
    expect(attempt('viewer')).toThrow(/workspace\.read in workspace ws_prod/);
  });

  test.each<[string, OrganizationRole, boolean]>([
    ['root', 'admin', true],
    ['root', 'verifier', true],
    ['gate', 'verifier', true],
    ['gate', 'member', true],
    ['gate', 'admin', false],
    ['job', 'verifier', false],
    ['job', 'member', true],
    ['root-granting', 'verifier', false],
    ['root-granting', 'admin', false],
  ])('%s, the organization role %s: %s', (actor, role, allowed) => {
    const attempt = () => requireOrganizationRoleGrantable(subjectOf(story, actor), role);
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(DomainError);
  });
});
