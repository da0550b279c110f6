import { listAuditEvents, recordRefusedMutation, recordSignIn } from './audit-event.ts';
import { bootstrap, hasBootstrapped } from './bootstrap.ts';
import { listChanges } from './change.ts';
import { claimCleanup, cleanUp } from './cleanup.ts';
import type { Engine } from './engine.ts';
import { createGroup, deleteGroup, findGroup, listGroups, updateGroup } from './group.ts';
import { listGroupMembers, removeGroupMember, setGroupMember } from './group-member.ts';
import { deleteMember, findMember, inviteMember, listMembers, resendInvitation, updateMember } from './member.ts';
import {
  createMember,
  findInvitation,
  findMemberOfUser,
  findUnpeopledOrganization,
  joinMember,
} from './member-join.ts';
import { listNodes, removeNode } from './node.ts';
import { findOrganization } from './organization.ts';
import { createOrganization } from './organization-create.ts';
import { listOrganizations } from './organization-list.ts';
import { setOrganizationPlan } from './organization-plan.ts';
import { updateOrganization } from './organization-update.ts';
import { createPermission, deletePermission, listPermissions, updatePermission } from './permission.ts';
import { listPermissionUses } from './permission-use.ts';
import { findPrincipal, listPrincipals } from './principal.ts';
import { deleteQuarantinedTokens, releaseOrganization } from './quarantine.ts';
import { restore } from './restore.ts';
import { findInstallation, forgetKeptRevocations, hasRevocations, listKeptRevocations } from './revocation.ts';
import { createRole, deleteRole, findRole, listRoles, updateRole } from './role.ts';
import { addSecretKeyCheck, listSecretKeyChecks } from './secret-key.ts';
import {
  createServiceAccount,
  enableServiceAccount,
  findServiceAccount,
  updateServiceAccount,
} from './service-account.ts';
import { deleteServiceAccount, disableServiceAccount } from './service-account-end.ts';
import { listServiceAccounts } from './service-account-list.ts';
import { completeSetup, createSetupLink, findSetup } from './setup.ts';
import {
  admitSignInSession,
  claimSignInCode,
  createSignInUser,
  endSignInSession,
  endSignInSessions,
  findSignInEpoch,
  findSignInUser,
  hasSecondStep,
  listSignInSessions,
  removeSecondStep,
  setSignInPassword,
} from './sign-in.ts';
import { readSignIn, writeSignIn } from './sign-in-database.ts';
import { findToken } from './token.ts';
import { createToken } from './token-create.ts';
import { listSecretKeyUse } from './token-digest.ts';
import { deleteToken, deleteTokens } from './token-end.ts';
import { reportLeakedToken } from './token-leak.ts';
import { listTokens } from './token-list.ts';
import { previewTokenPolicy } from './token-policy-preview.ts';
import { endTokenOverlap, refreshToken } from './token-refresh.ts';
import { listRevocableTokens, revokeTokens } from './token-revoke.ts';
import { updateToken } from './token-update.ts';
import { findUsageCompleteness, listTokenCallers, listTokenUsage } from './token-usage.ts';
import { recordUsage } from './usage-batch.ts';
import { recordUsageReport } from './usage-report.ts';
import { createWorkspace, deleteWorkspace, findWorkspace, listWorkspaces, updateWorkspace } from './workspace.ts';
import {
  listGroupWorkspaces,
  listWorkspaceGroups,
  removeWorkspaceGroup,
  setWorkspaceGroup,
} from './workspace-group.ts';
import { listWorkspaceMembers, removeWorkspaceMember, setWorkspaceMember } from './workspace-member.ts';

/** The operations of the port, as functions of what they run with. An engine decides where they run. */

/** Reading, outside transactions: one statement for what belongs together, so that nobody sees half of a change. */
export const READINGS = {
  hasBootstrapped,
  listSecretKeyChecks,
  listSecretKeyUse,
  findOrganization,
  listOrganizations,
  findServiceAccount,
  listServiceAccounts,
  findToken,
  listTokens,
  listRevocableTokens,
  listTokenCallers,
  listTokenUsage,
  findUsageCompleteness,
  listAuditEvents,
  listChanges,
  listNodes,
  findPrincipal,
  listPrincipals,
  findMember,
  listMembers,
  findInvitation,
  findMemberOfUser,
  findUnpeopledOrganization,
  findSetup,
  listPermissionUses,
  previewTokenPolicy,
  findGroup,
  listGroups,
  listGroupMembers,
  listGroupWorkspaces,
  findWorkspace,
  listWorkspaces,
  listWorkspaceMembers,
  listWorkspaceGroups,
  findRole,
  listRoles,
  listPermissions,
  listSignInSessions,
  findSignInUser,
  hasSecondStep,
  findSignInEpoch,
  readSignIn,
  findInstallation,
  hasRevocations,
  listKeptRevocations,
} as const;

/** Mutations: their answers wait until no process answers from older memory. */
export const MUTATIONS = {
  createServiceAccount,
  updateServiceAccount,
  disableServiceAccount,
  enableServiceAccount,
  deleteServiceAccount,
  createToken,
  updateToken,
  refreshToken,
  endTokenOverlap,
  deleteToken,
  deleteTokens,
  reportLeakedToken,
  revokeTokens,
  inviteMember,
  resendInvitation,
  joinMember,
  createMember,
  createSetupLink,
  completeSetup,
  updateMember,
  deleteMember,
  createOrganization,
  updateOrganization,
  setOrganizationPlan,
  releaseOrganization,
  deleteQuarantinedTokens,
  createGroup,
  updateGroup,
  deleteGroup,
  setGroupMember,
  removeGroupMember,
  createWorkspace,
  updateWorkspace,
  deleteWorkspace,
  setWorkspaceMember,
  removeWorkspaceMember,
  setWorkspaceGroup,
  removeWorkspaceGroup,
  createRole,
  updateRole,
  deleteRole,
  createPermission,
  updatePermission,
  deletePermission,
} as const;

/** Writing that no verdict depends on. */
export const RECORDINGS = {
  addSecretKeyCheck,
  recordUsage,
  recordUsageReport,
  recordRefusedMutation,
  recordSignIn,
  createSignInUser,
  setSignInPassword,
  removeSecondStep,
  endSignInSession,
  endSignInSessions,
  admitSignInSession,
  claimSignInCode,
  writeSignIn,
  removeNode,
  forgetKeptRevocations,
  claimCleanup,
  cleanUp,
} as const;

/** The first start, and the start of a restored copy: no organization asks for them. */
export const BEGINNINGS = { bootstrap, restore } as const;

/** One operation with its arguments, as plain data that can cross a thread. */
export type OperationCall =
  | { readonly kind: 'reading'; readonly name: keyof typeof READINGS; readonly now: number; readonly args: unknown[] }
  | {
      readonly kind: 'mutation';
      readonly name: keyof typeof MUTATIONS;
      readonly nonce: string;
      /** Absent = false. */
      readonly journaled?: boolean;
      readonly args: unknown[];
    }
  | { readonly kind: 'recording'; readonly name: keyof typeof RECORDINGS; readonly args: unknown[] }
  | {
      readonly kind: 'beginning';
      readonly name: keyof typeof BEGINNINGS;
      readonly nonce: string;
      readonly args: unknown[];
    };

type Operation = (lead: unknown, ...args: unknown[]) => Promise<unknown>;

/** Runs the operation on this engine. */
export function callOperation(engine: Engine, call: OperationCall): Promise<unknown> {
  switch (call.kind) {
    case 'reading':
      return (READINGS[call.name] as Operation)(
        { db: engine.db, jsonRows: engine.jsonRows, now: call.now },
        ...call.args,
      );
    case 'mutation':
      return (MUTATIONS[call.name] as Operation)(
        { engine, nonce: call.nonce, journaled: call.journaled ?? false },
        ...call.args,
      );
    case 'recording':
      return (RECORDINGS[call.name] as Operation)(engine, ...call.args);
    case 'beginning':
      return (BEGINNINGS[call.name] as Operation)({ engine, nonce: call.nonce, journaled: false }, ...call.args);
  }
}
