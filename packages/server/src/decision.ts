import {
  type Because,
  type Decision,
  decide,
  type Missing,
  ORGANIZATION_ROLES,
  type PermissionName,
  type Place,
  type Subject,
} from '@postern/core';
import Type from 'typebox';
import { Closed, NamedRef, Nullable, OneOf, RefTo } from './schema.ts';

/** Decisions as they are answered: why something is allowed, or what is missing. */

export const GROUP_ROLES = ['member', 'manager'] as const;

const OrganizationRoleSource = Closed(
  { source: OneOf(['organization_role']), role: OneOf(ORGANIZATION_ROLES) },
  { $id: 'OrganizationRoleSource' },
);
const GroupRoleSource = Closed(
  { source: OneOf(['group_role']), role: OneOf(GROUP_ROLES), group: RefTo(NamedRef) },
  { $id: 'GroupRoleSource' },
);
const WorkspaceRoleSource = Closed(
  { source: OneOf(['workspace_role']), role: RefTo(NamedRef), group: Nullable(RefTo(NamedRef)) },
  { $id: 'WorkspaceRoleSource', description: '`group` carries the role, or null where it is given directly' },
);
export const BecauseSchema = Type.Unsafe<Because>(
  Type.Union([RefTo(OrganizationRoleSource), RefTo(GroupRoleSource), RefTo(WorkspaceRoleSource)], {
    $id: 'Because',
    description: 'One source of a permission',
  }),
);
export const WithheldBy = Nullable(
  OneOf(['token_permissions', 'token_workspaces', 'disabled', 'plan'], {
    description: 'What takes away what the account holds: the restrictions of its token, or a suspension',
  }),
);
export const MissingSchema = Closed(
  {
    permission: Type.String(),
    scope: OneOf(['organization', 'group', 'workspace']),
    placeId: Nullable(
      Type.String({
        description: 'The workspace or group; null also where the principal has no part in the one that was named',
      }),
    ),
    withheldBy: WithheldBy,
    grantableBy: Type.Array(OneOf(['organization_admin', 'group_manager', 'workspace_manager'])),
  },
  { $id: 'Missing', description: 'What is not held, where, why not, and who could change that' },
);

export const DECISION_SCHEMAS = [
  OrganizationRoleSource,
  GroupRoleSource,
  WorkspaceRoleSource,
  BecauseSchema,
  MissingSchema,
];

/** The fields that a decision adds to an answer. */
export const DECISION_FIELDS = {
  allowed: Type.Boolean(),
  because: Type.Optional(Type.Array(RefTo(BecauseSchema), { description: 'Every source, where it is allowed' })),
  missing: Type.Optional(RefTo(MissingSchema)),
};

/** `decide`, where the workspace may be one that the subject has no part in (undefined). */
export function decideAt(subject: Subject, permission: PermissionName, place: Place | undefined): Decision {
  return place ? decide(subject, permission, place) : { allowed: false, missing: missingElsewhere(permission) };
}

/** What is said of a workspace that does not exist is said of every one that the subject has no part in. */
function missingElsewhere(permission: PermissionName): Missing {
  return {
    permission,
    scope: 'workspace',
    placeId: null,
    withheldBy: null,
    grantableBy: ['organization_admin', 'workspace_manager'],
  };
}

export function representDecision(decision: Decision) {
  if (decision.allowed) return { allowed: true, because: [...decision.because] };
  const { grantableBy, ...missing } = decision.missing;
  return { allowed: false, missing: { ...missing, grantableBy: [...grantableBy] } };
}

/** The same as members of a JSON object, to stand after others. */
export function decisionMembers(decision: Decision): string {
  return decision.allowed
    ? `,"allowed":true,"because":${JSON.stringify(decision.because)}`
    : `,"allowed":false,"missing":${JSON.stringify(decision.missing)}`;
}
