import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenRecord } from '../test/record.ts';
import {
  type AccessChange,
  BUILT_IN_ROLES,
  type GroupId,
  type PrincipalFacts,
  type PrincipalId,
  previewAccess,
  type RoleId,
  reportAccess,
  type WorkspaceGrant,
  type WorkspaceId,
} from './index.ts';

const JOB = 'sa_1' as PrincipalId;
const prod = { id: 'ws_prod' as WorkspaceId, name: 'prod' };
const lab = { id: 'ws_lab' as WorkspaceId, name: 'lab' };
const builders = { id: 'grp_builders' as GroupId, name: 'builders' };
const invoicer = { id: 'role_1' as RoleId, name: 'invoicer', permissions: ['invoices.read'] };
const { viewer, member } = BUILT_IN_ROLES;

const grant = (
  { id: workspaceId, name: workspaceName }: { id: WorkspaceId; name: string },
  role: WorkspaceGrant['role'],
  group: WorkspaceGrant['group'] = null,
): WorkspaceGrant => ({ workspaceId, workspaceName, role, group });
const record = (principal: Partial<PrincipalFacts> = {}) =>
  tokenRecord({ principal, organization: { registered: new Set(['invoices.read', 'invoices.write']) } });
const preview = (principal: Partial<PrincipalFacts>, ...changes: AccessChange[]) => {
  const [found] = previewAccess([record(principal)], changes);
  const told = (list: readonly { permission: string; where: { name: string } }[] = []) =>
    list.map(({ permission, where }) => `${permission} in ${where.name}`);
  return { gains: told(found?.gains), losses: told(found?.losses) };
};

describe('a preview tells who gains and loses what', () => {
  test('a direct role, given', () => {
    expect(preview({}, { kind: 'workspace_member', principalId: JOB, workspace: prod, role: viewer })).toEqual({
      gains: ['workspace.read in prod', 'workspace_member.read in prod'],
      losses: [],
    });
  });

  test('a direct role, taken, where a group gives part of it', () => {
    const groups = [{ ...builders, role: 'member' as const }];
    const grants = [grant(prod, member), grant(prod, viewer, builders)];
    const change: AccessChange = { kind: 'workspace_member', principalId: JOB, workspace: prod, role: null };
    expect(preview({ groups, grants }, change)).toEqual({ gains: [], losses: ['workspace.run in prod'] });
  });

  test('a group joined brings its own permission and all that it carries, as it would carry then', () => {
    const group = { ...builders, carried: [grant(prod, viewer)] };
    // The order in which they are named makes no difference.
    const changes: AccessChange[] = [
      { kind: 'workspace_group', group: builders, workspace: lab, role: viewer },
      { kind: 'workspace_group', group: builders, workspace: prod, role: null },
      { kind: 'group_member', principalId: JOB, group, role: 'member' },
    ];
    expect(preview({}, ...changes)).toEqual({
      gains: ['group.read in builders', 'workspace.read in lab', 'workspace_member.read in lab'],
      losses: [],
    });
  });

  test('another role in a group it is in gives only that', () => {
    const groups = [{ ...builders, role: 'member' as const }];
    const group = { ...builders, carried: [grant(prod, viewer)] };
    const grants = [grant(prod, viewer, builders)];
    expect(preview({ groups, grants }, { kind: 'group_member', principalId: JOB, group, role: 'manager' })).toEqual({
      gains: ['group_member.update in builders'],
      losses: [],
    });
    expect(preview({ groups, grants }, { kind: 'group_member', principalId: JOB, group, role: null }).losses).toEqual([
      'group.read in builders',
      'workspace.read in prod',
      'workspace_member.read in prod',
    ]);
  });

  test("a custom role's permissions, wherever it is had; a name that nobody registered gives nothing", () => {
    const grants = [grant(prod, invoicer), grant(lab, viewer)];
    const change: AccessChange = { kind: 'role', id: invoicer.id, permissions: ['invoices.write', 'orders.read'] };
    expect(preview({ grants }, change)).toEqual({
      gains: ['invoices.write in prod'],
      losses: ['invoices.read in prod'],
    });
  });

  test('an organization role: what a membership gives remains', () => {
    const grants = [grant(prod, viewer)];
    const change: AccessChange = { kind: 'organization_role', principalId: JOB, role: 'member' };
    const { gains, losses } = preview({ organizationRole: 'admin', grants }, change);
    expect(gains).toEqual([]);
    expect(losses).toEqual(expect.arrayContaining(['token.create in Acme', 'workspace.run in prod']));
    expect(losses).not.toContain('workspace.read in prod');
  });

  test('nobody is told of for whom nothing changes', () => {
    const grants = [grant(prod, viewer)];
    const other = 'sa_2' as PrincipalId;
    expect(
      previewAccess(
        [record({ grants })],
        [
          { kind: 'workspace_member', principalId: JOB, workspace: prod, role: viewer },
          { kind: 'organization_role', principalId: other, role: 'admin' },
        ],
      ),
    ).toEqual([]);
  });

  test('a change and its reverse: the gains of one are the losses of the other', () => {
    const roles = fc.constantFrom(viewer, member, BUILT_IN_ROLES.manager, invoicer, null);
    fc.assert(
      fc.property(roles, roles, roles, (first, second, carried) => {
        const groups = [{ ...builders, role: 'member' as const }];
        const with_ = (role: typeof first) => ({
          groups,
          grants: [...(role ? [grant(prod, role)] : []), ...(carried ? [grant(prod, carried, builders)] : [])],
        });
        const to = (role: typeof first): AccessChange => ({
          kind: 'workspace_member',
          principalId: JOB,
          workspace: prod,
          role,
        });
        const there = preview(with_(first), to(second));
        const back = preview(with_(second), to(first));
        expect([new Set(there.gains), new Set(there.losses)]).toEqual([new Set(back.losses), new Set(back.gains)]);
      }),
    );
  });
});

describe('a report of access', () => {
  test('names every source, beside the role that holds everything too', () => {
    const groups = [{ ...builders, role: 'member' as const }];
    const grants = [grant(prod, member), grant(prod, viewer, builders)];
    const { workspaces, organization } = reportAccess(record({ organizationRole: 'admin', groups, grants }), null);
    const read = workspaces[0]?.permissions.find(({ permission }) => permission === 'workspace.read');
    expect(read?.because.map(({ source }) => source)).toEqual([
      'organization_role',
      'workspace_role',
      'workspace_role',
    ]);
    expect(organization.map(({ permission }) => permission)).toContain('invoices.write');
  });

  test('says what a token is restricted from', () => {
    const facts = record({ grants: [grant(prod, member), grant(lab, member)] });
    const { workspaces } = reportAccess(facts, { workspaces: [lab.id], permissions: ['workspace.run'] });
    const told = workspaces.map(({ name, permissions }) => [
      name,
      ...permissions.map(({ permission, withheldBy }) => `${permission} ${withheldBy}`),
    ]);
    expect(told).toEqual([
      [
        'prod',
        'workspace.read token_workspaces',
        'workspace.run token_workspaces',
        'workspace_member.read token_workspaces',
      ],
      ['lab', 'workspace.read token_permissions', 'workspace.run null', 'workspace_member.read token_permissions'],
    ]);
  });
});
