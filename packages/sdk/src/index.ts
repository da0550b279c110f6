export type { AccessResource } from './access.ts';
export type { AuditEventFilters, AuditEventQuery, AuditExportFormat, AuditResource } from './audit-event.ts';
export type { CallOptions } from './call.ts';
export {
  type ClientErrorCode,
  Conflict,
  ConnectionError,
  type FieldError,
  InvalidRequest,
  type MissingPlace,
  NotFound,
  PermissionDenied,
  PosternError,
  PreconditionFailed,
  RateLimited,
  ServerError,
  SettingsError,
  Unauthenticated,
  VerifierUnavailable,
} from './error.ts';
export type { GroupMemberQuery, GroupMembers, GroupQuery, Groups } from './group.ts';
export type { Invitations } from './invitation.ts';
export { reportLeak } from './leak.ts';
export type { List, Page } from './list.ts';
export type { MeResource, OwnSessions, OwnTokenQuery, OwnTokens } from './me.ts';
export type { MemberQuery, Members } from './member.ts';
export type { Nodes } from './node.ts';
export type * from './openapi.gen.ts';
export type { OrganizationResource } from './organization.ts';
export { Postern } from './postern.ts';
export type { Ended } from './receipt.ts';
export type { Permissions, Roles } from './role.ts';
export type { ServiceAccountQuery, ServiceAccounts } from './service-account.ts';
export type { PosternSettings } from './settings.ts';
export type { Setup } from './setup.ts';
export type { SignIn, SignInProgress, TwoStepSecret } from './sign-in.ts';
export { inDays } from './time.ts';
export type {
  IssuedToken,
  ServiceAccountTokenQuery,
  ServiceAccountTokens,
  TokenCallerQuery,
  TokenQuery,
  TokenQuestion,
  Tokens,
  TokenUsageQuery,
  TokenVerdict,
} from './token.ts';
export type { TokenValue } from './token-value.ts';
export {
  type AllowedAnswer,
  createVerifier,
  type DeniedAnswer,
  type InvalidAnswer,
  type VerifiedOrganization,
  type VerifiedPrincipal,
  type VerifiedToken,
  type Verifier,
  type VerifierAnswer,
  type VerifierQuestion,
  type VerifierSettings,
  type VerifierSource,
  type VerifierStats,
} from './verifier.ts';
export type {
  WorkspaceGroupQuery,
  WorkspaceGroups,
  WorkspaceMemberQuery,
  WorkspaceMembers,
  WorkspaceQuery,
  Workspaces,
} from './workspace.ts';
