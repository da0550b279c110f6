import type { ErrorCode } from './error.ts';
import type { AuditEventId, OrganizationId } from './id.ts';

/** Who did it: a principal, with the token it used, or the operator on the server's machine. */
export interface AuditActor {
  readonly kind: 'service_account' | 'member' | 'operator' | 'system';
  readonly id: string | null;
  readonly displayName: string;
  readonly tokenId: string | null;
}

export interface AuditTarget {
  readonly kind:
    | 'organization'
    | 'service_account'
    | 'member'
    | 'token'
    | 'group'
    | 'workspace'
    | 'role'
    | 'permission';
  readonly id: string;
  readonly displayName: string | null;
}

/** What was done, `noun.verb`: a mutation, the opening of a sealed answer, or refused uses of a known token, counted together. */
export type AuditAction =
  | 'organization.create'
  | 'organization.update'
  | 'organization.set_plan'
  | 'organization.setup_link'
  | 'organization.setup'
  | 'organization.restore'
  | 'organization.release'
  | 'organization.delete_tokens'
  | 'group.create'
  | 'group.update'
  | 'group.delete'
  | 'group_member.set'
  | 'group_member.remove'
  | 'workspace.create'
  | 'workspace.update'
  | 'workspace.delete'
  | 'workspace_member.set'
  | 'workspace_member.remove'
  | 'workspace_group.set'
  | 'workspace_group.remove'
  | 'role.create'
  | 'role.update'
  | 'role.delete'
  | 'permission.create'
  | 'permission.update'
  | 'permission.delete'
  | 'member.invite'
  | 'member.resend'
  | 'member.join'
  | 'member.create'
  | 'member.update'
  | 'member.delete'
  | 'session.create'
  | 'session.refuse'
  | 'session.end'
  | 'password.change'
  | 'password.reset'
  | 'password.reset_request'
  | 'totp.enable'
  | 'totp.disable'
  | 'service_account.create'
  | 'service_account.update'
  | 'service_account.disable'
  | 'service_account.enable'
  | 'service_account.delete'
  | 'token.create'
  | 'token.update'
  | 'token.refresh'
  | 'token.end_overlap'
  | 'token.delete'
  | 'token.delete_all'
  | 'token.revoke'
  | 'token.leak_reported'
  | 'token.value_replayed'
  | 'token.use_refused';

export interface AuditEvent {
  readonly id: AuditEventId;
  readonly organizationId: OrganizationId;
  readonly at: number;
  readonly action: AuditAction;
  readonly outcome: 'done' | 'refused';
  /** Why a mutation was refused. */
  readonly code: ErrorCode | null;
  readonly actor: AuditActor;
  readonly target: AuditTarget | null;
  /** Facts about the change: names of changed fields, counts, reasons; never a value, digest or key. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
}
