// Written by `npm run generate` from openapi.json and the error table. Changes made here are lost.

/** How far a change has reached, when its answer is given */
export interface Receipt {
  /** Position in the organization's change log */
  position: number;
  /** Serving processes that have applied the change */
  confirmed: number;
  /** Serving processes that were waited out and answer nothing from memory any more */
  expired: number;
  /** Milliseconds from the commit to this receipt */
  ms: number;
}

/** Who made a thing, under the name it bore then */
export interface Creator {
  kind: 'service_account' | 'member' | 'operator';
  id: string | null;
  displayName: string;
}

export interface NamedRef {
  id: string;
  name: string;
}

/** A service account or a member */
export interface PrincipalRef {
  id: string;
  kind: 'service_account' | 'member';
  displayName: string;
}

export interface OrganizationRoleSource {
  source: 'organization_role';
  role: 'member' | 'admin' | 'verifier';
}

export interface GroupRoleSource {
  source: 'group_role';
  role: 'member' | 'manager';
  group: NamedRef;
}

/** `group` carries the role, or null where it is given directly */
export interface WorkspaceRoleSource {
  source: 'workspace_role';
  role: NamedRef;
  group: NamedRef | null;
}

/** One source of a permission */
export type Because = OrganizationRoleSource | GroupRoleSource | WorkspaceRoleSource;

/** What is not held, where, why not, and who could change that */
export interface Missing {
  permission: string;
  scope: 'organization' | 'group' | 'workspace';
  /** The workspace or group; null also where the principal has no part in the one that was named */
  placeId: string | null;
  /** What takes away what the account holds: the restrictions of its token, or a suspension */
  withheldBy: 'token_permissions' | 'token_workspaces' | 'disabled' | 'plan' | null;
  grantableBy: ('organization_admin' | 'group_manager' | 'workspace_manager')[];
}

export interface OrganizationSummary {
  id: string;
  name: string;
  plan: 'community' | 'commercial' | 'enterprise';
}

export interface GroupMembership {
  id: string;
  name: string;
  role: 'member' | 'manager';
}

export interface WorkspaceMembership {
  id: string;
  name: string;
  /** The name of the role given directly; else of the first that a group carries */
  role: string;
  /** From all sources, as far as the token is not restricted */
  permissions: string[];
}

/** The token that the call was made with */
export interface PresentedToken {
  id: string;
  name: string;
  /** The first instant at which the presented value is no longer valid */
  expiresAt: string | null;
  restrictions: Restrictions | null;
}

/** Who calls */
export interface Me {
  id: string;
  kind: 'service_account' | 'member';
  displayName: string;
  organization: OrganizationSummary;
  organizationRole: 'member' | 'admin' | 'verifier';
  /** In the organization as a whole, as far as the token is not restricted */
  permissions: string[];
  groups: GroupMembership[];
  workspaces: WorkspaceMembership[];
  token?: PresentedToken | undefined;
}

export interface Session {
  id: string;
  signedInAt: string;
  expiresAt: string;
  address: string;
  userAgent: string;
  /** The one that this call is made with */
  current: boolean;
}

export interface SessionList {
  items: Session[];
}

/** How a person signs in */
export interface OwnSignIn {
  /** Whether a code is asked for beside the password */
  twoStep: boolean;
}

/** A person who may do everything in the organization */
export interface AdminName {
  displayName: string;
}

export interface AdminNames {
  items: AdminName[];
}

/** What the organization's token policy lets a person's own tokens be */
export interface OwnTokenPolicy {
  /** Whether tokens of mine work, and new ones can be made */
  mayHaveTokens: boolean;
  /** No value works for longer; null = no maximum */
  maxLifetimeDays: number | null;
  /** Tokens that never expire do not work */
  requireExpiry: boolean;
}

/** A person who belongs to the organization */
export interface Member {
  id: string;
  /** The e-mail, until the person has joined */
  displayName: string;
  email: string;
  status: 'invited' | 'active';
  organizationRole: string;
  createdAt: string;
  createdBy: Creator;
  updatedAt: string;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface MemberPage {
  items: Member[];
  nextCursor: string | null;
}

export interface Invitation {
  member: Member;
  /** Lets the person join, once, within 7 days; shown in this answer only */
  link: string;
  /** Whether the mail server took the mail with the link. Where it did not, hand the link over, or send it again */
  delivery: 'sent' | 'failed' | 'not_configured';
}

export interface InvitationOutcome {
  email: string;
  invitation?: Invitation | undefined;
  /** Why the person was not invited: an error code */
  code?: string | undefined;
}

export interface Invitations {
  /** One for each e-mail, in order */
  items: InvitationOutcome[];
}

export interface MembersInput {
  emails: string[];
  organizationRole?: 'member' | 'admin' | undefined;
}

/** Fields that are absent stay as they are */
export interface MemberUpdate {
  displayName?: string | undefined;
  organizationRole?: 'member' | 'admin' | undefined;
}

export interface InvitationQuestion {
  /** What stands behind the # of the link */
  invitation: string;
}

export interface InvitationFacts {
  email: string;
  organization: string;
  expiresAt: string;
}

export interface InvitationAnswer {
  /** What stands behind the # of the link */
  invitation: string;
  name: string;
  /** At least 12 characters */
  password: string;
}

export interface JoinedMember {
  id: string;
  email: string;
  /** Whether this answer sets the cookie of a session */
  signedIn: boolean;
}

/** How people can sign in, besides e-mail and password */
export interface SignInOptions {
  /** Providers of single sign-on */
  providers: {
    /** For the calls of sign-in */
    name: string;
    /** For people: the host of the provider */
    displayName: string;
  }[];
  /** Whether a link for a new password can be mailed */
  passwordReset: boolean;
}

export interface SetupQuestion {
  /** What stands behind the # of the link */
  code: string;
}

export interface SetupFacts {
  organization: {
    name: string;
  };
  expiresAt: string;
}

export interface SetupAnswer {
  /** What stands behind the # of the link */
  code: string;
  organizationName: string;
  displayName: string;
  email: string;
  /** At least 12 characters */
  password: string;
}

export interface ServiceAccount {
  id: string;
  displayName: string;
  description: string;
  status: 'active' | 'disabled';
  organizationRole: 'member' | 'admin' | 'verifier';
  /** The people to ask about it: ids of members */
  owners: string[];
  /** The caller's own unique key */
  externalId: string | null;
  /** Tokens that were not deleted, expired ones included */
  tokenCount: number;
  lastUsedAt: string | null;
  createdAt: string;
  createdBy: Creator;
  updatedAt: string;
}

/** The account, and how far its end has reached */
export interface DisabledServiceAccount {
  id: string;
  displayName: string;
  description: string;
  status: 'active' | 'disabled';
  organizationRole: 'member' | 'admin' | 'verifier';
  /** The people to ask about it: ids of members */
  owners: string[];
  /** The caller's own unique key */
  externalId: string | null;
  /** Tokens that were not deleted, expired ones included */
  tokenCount: number;
  lastUsedAt: string | null;
  createdAt: string;
  createdBy: Creator;
  updatedAt: string;
  receipt: Receipt;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface ServiceAccountPage {
  items: ServiceAccount[];
  nextCursor: string | null;
}

export interface ServiceAccountInput {
  displayName: string;
  description?: string | undefined;
  organizationRole: 'member' | 'admin' | 'verifier';
  /** Ids of members who have joined */
  owners?: string[] | undefined;
  /** Unique in the organization, for declarative tools */
  externalId?: string | null | undefined;
}

/** Fields that are absent stay as they are */
export interface ServiceAccountUpdate {
  displayName?: string | undefined;
  description?: string | undefined;
  organizationRole?: 'member' | 'admin' | 'verifier' | undefined;
  /** Ids of members who have joined */
  owners?: string[] | undefined;
  /** Unique in the organization, for declarative tools */
  externalId?: string | null | undefined;
}

/** Absent = not narrowed in that respect; an empty list leaves nothing */
export interface Restrictions {
  permissions?: string[] | undefined;
  /** By id or name; answered as ids. Nothing outside them is allowed, in the organization neither */
  workspaces?: string[] | undefined;
  /** Where calls may come from */
  networks?: string[] | undefined;
}

/** The old value, while it still works beside the new one */
export interface PreviousValue {
  hint: string;
  validUntil: string;
  lastUsedAt: string | null;
  lastUsedIp: string | null;
  lastUsedUserAgent: string | null;
}

/** A token; never its value */
export interface Token {
  id: string;
  /** The service account that it acts as */
  accountId: string;
  name: string;
  description: string;
  /** The last four characters of the value before its checksum */
  hint: string;
  status: 'active' | 'expired';
  /** The first instant at which it is no longer valid; null = never expires */
  expiresAt: string | null;
  createdAt: string;
  createdBy: Creator;
  refreshedAt: string | null;
  lastUsedAt: string | null;
  lastUsedIp: string | null;
  lastUsedUserAgent: string | null;
  /** Up to when all use is known */
  usageCompleteUntil: string;
  /** How many that verify tokens (processes of this server, verifiers outside) have told nothing of their use for some minutes: the last use may be later than what is known */
  silentVerifiers: number;
  restrictions: Restrictions | null;
  previous?: PreviousValue | undefined;
  /** Of deleted tokens only */
  deletedAt?: string | undefined;
}

/** A token with its new value */
export interface IssuedToken {
  token: Token;
  /** The secret; shown in this answer only */
  value: string;
  receipt?: Receipt | undefined;
}

export interface TokenInput {
  name: string;
  description?: string | undefined;
  /** null or absent = never expires */
  expiresAt?: string | null | undefined;
  restrictions?: Restrictions | null | undefined;
}

/** Fields that are absent stay as they are */
export interface TokenUpdate {
  name?: string | undefined;
  description?: string | undefined;
  /** Only ever earlier than it is */
  expiresAt?: string | undefined;
  restrictions?: Restrictions | undefined;
}

/** How many tokens were deleted, and how far that has reached */
export interface DeletedTokens {
  deleted: number;
  receipt: Receipt;
}

export interface RefreshInput {
  /** Absent = the same lifetime again, from now; null = never expires */
  expiresAt?: string | null | undefined;
  /** For how long the old value works beside the new one, never beyond its own expiry */
  overlapSeconds?: number | undefined;
}

/** The token, and how far the end of its old value has reached */
export interface TokenAfterOverlap {
  id: string;
  /** The service account that it acts as */
  accountId: string;
  name: string;
  description: string;
  /** The last four characters of the value before its checksum */
  hint: string;
  status: 'active' | 'expired';
  /** The first instant at which it is no longer valid; null = never expires */
  expiresAt: string | null;
  createdAt: string;
  createdBy: Creator;
  refreshedAt: string | null;
  lastUsedAt: string | null;
  lastUsedIp: string | null;
  lastUsedUserAgent: string | null;
  /** Up to when all use is known */
  usageCompleteUntil: string;
  /** How many that verify tokens (processes of this server, verifiers outside) have told nothing of their use for some minutes: the last use may be later than what is known */
  silentVerifiers: number;
  restrictions: Restrictions | null;
  previous?: PreviousValue | undefined;
  /** Of deleted tokens only */
  deletedAt?: string | undefined;
  receipt: Receipt;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface TokenPage {
  items: Token[];
  nextCursor: string | null;
}

/** Where a value was used from, and by what */
export interface TokenCaller {
  /** null where a verifier did not tell */
  address: string | null;
  userAgent: string | null;
  firstAt: string;
  lastAt: string;
  calls: number;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface TokenCallerPage {
  items: TokenCaller[];
  nextCursor: string | null;
}

export interface TokenUsage {
  /** Start of the hour or day, UTC */
  at: string;
  generation: number;
  outcome: 'allowed' | 'denied' | 'refused';
  calls: number;
}

export interface TokenUsageReport {
  from: string;
  to: string;
  by: 'hour' | 'day';
  items: TokenUsage[];
  nextCursor: string | null;
  /** Up to when all use is known */
  usageCompleteUntil: string;
}

/** At least one condition; tokens that meet all of them */
export interface TokenRevocation {
  /** Tokens of this service account or member */
  accountId?: string | undefined;
  /** Tokens that this principal created */
  createdBy?: string | undefined;
  createdBefore?: string | undefined;
  /** Not used since then, and made before */
  unusedSince?: string | undefined;
  /** Answer what would be revoked, and do nothing */
  dryRun?: boolean | undefined;
}

export interface RevokedTokens {
  revoked: number;
  /** The first 200 of them, as they were */
  tokens: Token[];
  receipt?: Receipt | undefined;
}

export interface LeakReport {
  /** The value that leaked */
  token: string;
}

export interface Group {
  id: string;
  name: string;
  description: string;
  externalId: string | null;
  memberCount: number;
  createdAt: string;
  updatedAt: string;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface GroupPage {
  items: Group[];
  nextCursor: string | null;
}

export interface GroupInput {
  /** Unique in the organization, compared without regard to case, width and spaces */
  name: string;
  description?: string | undefined;
  /** Unique in the organization, for declarative tools */
  externalId?: string | null | undefined;
}

/** Fields that are absent stay as they are */
export interface GroupUpdate {
  /** Unique in the organization, compared without regard to case, width and spaces */
  name?: string | undefined;
  description?: string | undefined;
  /** Unique in the organization, for declarative tools */
  externalId?: string | null | undefined;
}

export interface GroupMember {
  principal: PrincipalRef;
  role: 'member' | 'manager';
}

/** One page of the list; `nextCursor` is null on the last one */
export interface GroupMemberPage {
  items: GroupMember[];
  nextCursor: string | null;
}

export interface GroupMemberInput {
  /** A manager manages the members of the group and their group roles */
  role: 'member' | 'manager';
}

/** The workspace roles that the group carries, by workspace name */
export interface GroupWorkspaces {
  items: {
    workspace: NamedRef;
    role: NamedRef;
  }[];
}

export interface Workspace {
  id: string;
  name: string;
  displayName: string;
  description: string;
  externalId: string | null;
  createdAt: string;
  updatedAt: string;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface WorkspacePage {
  items: Workspace[];
  nextCursor: string | null;
}

export interface WorkspaceInput {
  /** Unique in the organization, whatever the case; stands in addresses */
  name: string;
  /** Absent = the name */
  displayName?: string | undefined;
  description?: string | undefined;
  /** Unique in the organization, for declarative tools */
  externalId?: string | null | undefined;
}

/** Fields that are absent stay as they are */
export interface WorkspaceUpdate {
  /** Unique in the organization, whatever the case; stands in addresses */
  name?: string | undefined;
  /** Absent = the name */
  displayName?: string | undefined;
  description?: string | undefined;
  /** Unique in the organization, for declarative tools */
  externalId?: string | null | undefined;
}

/** A role that is given directly */
export interface WorkspaceMember {
  principal: PrincipalRef;
  role: NamedRef;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface WorkspaceMemberPage {
  items: WorkspaceMember[];
  nextCursor: string | null;
}

/** A role that everybody in the group has */
export interface WorkspaceGroup {
  group: NamedRef;
  role: NamedRef;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface WorkspaceGroupPage {
  items: WorkspaceGroup[];
  nextCursor: string | null;
}

export interface WorkspaceRoleInput {
  /** The name of a built-in role, or the id of a custom one */
  role?: string | undefined;
}

/** A workspace role: a named set of workspace permissions */
export interface Role {
  /** Of a built-in role: its name */
  id: string;
  name: string;
  builtIn: boolean;
  permissions: string[];
}

/** The built-in ones first, then by name */
export interface RoleList {
  items: Role[];
}

export interface RoleInput {
  /** Unique in the organization, compared without regard to case, width and spaces */
  name: string;
  /** Workspace permissions, registered ones included */
  permissions: string[];
}

/** Fields that are absent stay as they are */
export interface RoleUpdate {
  /** Unique in the organization, compared without regard to case, width and spaces */
  name?: string | undefined;
  /** Workspace permissions, registered ones included */
  permissions?: string[] | undefined;
}

export interface Permission {
  /** noun.verb */
  name: string;
  description: string;
  /** Where it is held */
  scope: 'organization' | 'group' | 'workspace';
  builtIn: boolean;
}

/** The built-in ones first, then the organization's own by name */
export interface PermissionList {
  items: Permission[];
}

export interface PermissionInput {
  /** noun.verb, of an API of your own */
  name: string;
  description?: string | undefined;
}

export interface PermissionUpdate {
  description: string;
}

export interface AccessCheck {
  principalId: string;
  permission: string;
  /** Where, by id or name; absent = in the organization */
  workspace?: string | undefined;
}

export interface AccessDecision {
  allowed: boolean;
  /** Every source, where it is allowed */
  because?: Because[] | undefined;
  missing?: Missing | undefined;
}

/** A permission that the account holds */
export interface HeldPermission {
  permission: string;
  /** Every source of it */
  because: Because[];
  /** What takes away what the account holds: the restrictions of its token, or a suspension */
  withheldBy: 'token_permissions' | 'token_workspaces' | 'disabled' | 'plan' | null;
  /** When it was last asked about and allowed, wherever that was; null: not since `usageRecordedSince`, or not among the 200 that were used last */
  lastUsedAt: string | null;
}

/** All that an account may do, with every source */
export interface AccessReport {
  /** In the organization as a whole; of an admin, that is everything, in every workspace and group */
  organization: HeldPermission[];
  groups: {
    id: string;
    name: string;
    role: 'member' | 'manager';
    permissions: HeldPermission[];
  }[];
  /** Those in which it has a role, of its own or through a group */
  workspaces: {
    id: string;
    name: string;
    permissions: HeldPermission[];
  }[];
  /** Since when the use of permissions is recorded */
  usageRecordedSince: string;
  /** Up to when all use is known */
  usageCompleteUntil: string;
}

export interface Memberships {
  groups: {
    id: string;
    name: string;
    role: 'member' | 'manager';
  }[];
  /** Those in which it has a role of its own */
  workspaces: {
    id: string;
    name: string;
    role: NamedRef;
  }[];
}

export interface OrganizationRoleChange {
  kind: 'organization_role';
  principalId: string;
  role: 'member' | 'admin' | 'verifier';
}

export interface GroupMemberChange {
  kind: 'group_member';
  groupId: string;
  principalId: string;
  /** null takes it away */
  role: 'member' | 'manager' | null;
}

export interface WorkspaceGroupChange {
  kind: 'workspace_group';
  /** A workspace, by id or name */
  workspace: string;
  groupId: string;
  /** The name of a built-in role, or the id of a custom one; null takes it away */
  role: string | null;
}

export interface WorkspaceMemberChange {
  kind: 'workspace_member';
  /** A workspace, by id or name */
  workspace: string;
  principalId: string;
  /** The name of a built-in role, or the id of a custom one; null takes it away */
  role: string | null;
}

/** The permissions that a custom role would hold */
export interface RolePermissionsChange {
  kind: 'role';
  roleId: string;
  permissions: string[];
}

export interface AccessPreviewInput {
  /** All made at once; of two about the same thing the later one counts */
  changes: (OrganizationRoleChange | GroupMemberChange | WorkspaceGroupChange | WorkspaceMemberChange | RolePermissionsChange)[];
}

export interface PlacedPermission {
  permission: string;
  where: {
    kind: 'organization' | 'group' | 'workspace';
    id: string;
    name: string;
  };
}

export interface AccessPreview {
  /** Whoever would gain or lose anything */
  items: {
    principal: PrincipalRef;
    gains: PlacedPermission[];
    losses: PlacedPermission[];
  }[];
  /** False where the changes touch more than 1000 principals: the others were not looked at */
  complete: boolean;
}

/** Accounts in one of these groups */
export interface GroupsOnly {
  groupIds: string[];
}

export interface TokenPolicy {
  /** Who may have tokens. The tokens of others do not work, and work again once they may */
  creation: 'everyone' | 'nobody' | GroupsOnly;
  /** No value works for longer, existing ones included; null or absent = no maximum */
  maxLifetimeDays?: number | null | undefined;
  /** Tokens that never expire do not work */
  requireExpiry: boolean;
}

export interface Organization {
  id: string;
  name: string;
  plan: 'community' | 'commercial' | 'enterprise';
  tokenPolicy: TokenPolicy;
  leakResponse: 'revoke' | 'notify';
  /** After a restore tokens wait until an admin has released them, or deleted them all; null = they do not */
  quarantine: 'releasable' | 'delete_only' | null;
  createdAt: string;
}

/** Fields that are absent stay as they are */
export interface OrganizationUpdate {
  name?: string | undefined;
  tokenPolicy?: TokenPolicy | undefined;
  /** What becomes of a token whose value is reported as leaked: it ends, or is noted in the audit log */
  leakResponse?: 'revoke' | 'notify' | undefined;
}

export interface TokenPolicyPreview {
  /** Tokens that work now and would not under this policy */
  affected: number;
  /** How many of them were */
  usedInLast30Days: number;
  /** The first 200 of them */
  tokens: Token[];
}

export type OrganizationOrPreview = Organization | TokenPolicyPreview;

export interface QuarantinedTokensDeleted {
  deleted: number;
}

export interface AuditActor {
  kind: 'service_account' | 'member' | 'operator' | 'system';
  id: string | null;
  displayName: string;
  /** The token that it was done with */
  tokenId: string | null;
}

export interface AuditTarget {
  kind: 'organization' | 'service_account' | 'member' | 'token' | 'group' | 'workspace' | 'role' | 'permission';
  id: string;
  displayName: string | null;
}

export interface AuditEvent {
  id: string;
  at: string;
  /** noun.verb */
  action: string;
  outcome: 'done' | 'refused';
  /** The error that was answered, where it was refused */
  code: string | null;
  actor: AuditActor;
  target: AuditTarget | null;
  details: Record<string, unknown>;
  requestId: string | null;
  address: string | null;
  userAgent: string | null;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface AuditEventPage {
  items: AuditEvent[];
  nextCursor: string | null;
}

export interface VerifyInput {
  /** The value that was presented, without `Bearer` */
  token: string;
  /** What its holder asks to do */
  permission?: string | undefined;
  /** Where, by id or name; absent = in the organization */
  workspace?: string | undefined;
  /** The network address that presented it; without it, a token restricted to networks is not valid */
  clientAddress?: string | undefined;
  userAgent?: string | undefined;
}

/** Of a token that is not valid: `active` false, and nothing else */
export interface Verification {
  active: boolean;
  principal?: {
    id: string;
    kind: 'service_account' | 'member';
    displayName: string;
    organizationRole: string;
  } | undefined;
  organization?: {
    id: string;
    name: string;
  } | undefined;
  token?: {
    id: string;
    name: string;
    expiresAt: string | null;
    generation: number;
    /** From when on this very value is refused: by its expiry, the end of its overlap, or policy */
    validUntil: string | null;
    /** Whether the answer holds for this `clientAddress` only */
    networkRestricted: boolean;
  } | undefined;
  /** Present when a permission was asked about */
  allowed?: boolean | undefined;
  because?: Because[] | undefined;
  missing?: Missing | undefined;
}

export interface UsageReportItem {
  tokenId: string;
  generation: number;
  /** Where the calls came from; absent = not known */
  address?: string | undefined;
  userAgent?: string | undefined;
  /** What was asked about */
  permission?: string | undefined;
  outcome: 'allowed' | 'denied';
  count: number;
  lastAt: string;
}

export interface UsageReportInput {
  /** Random; the same report again, within a day, counts nothing twice */
  reportId: string;
  /** A verifier that says who it is is waited for: `usageCompleteUntil` of tokens is not later than what it said, until it closes or is silent for a day */
  verifier?: {
    /** Of the process, made when it starts */
    id: string;
    /** All that was answered before is reported */
    completeUntil?: string | undefined;
    /** It ends, and is not waited for any more */
    closing?: boolean | undefined;
  } | undefined;
  items: UsageReportItem[];
}

export interface ChangeEvent {
  /** In the organization's own log: each change has the next one */
  position: number;
  kind: 'organization' | 'service_account' | 'member' | 'token' | 'group' | 'workspace' | 'role' | 'permission';
  /** Of what changed; of a membership, the principal’s */
  id: string;
}

export interface ChangeHead {
  /** Of the newest change */
  position: number;
  /** To be sent as `after` next time */
  cursor: string;
  /** What changed since `after` cannot be told: forget everything */
  reset: boolean;
  /** Since `after`, oldest first */
  changes: ChangeEvent[];
  /** The time on the server, no later than the answer */
  now: string;
}

export interface Node {
  /** A new one whenever the process joins */
  id: string;
  /** It is the one that answers */
  self: boolean;
  joinedAt: string;
  /** When it last renewed its lease; null = it needs none */
  renewedAt: string | null;
  /** Milliseconds for which it may go on answering from memory, as far as the database knows; 0 = its lease has run out; null = it needs none */
  leaseMs: number | null;
  /** Up to here it has applied the organization's changes */
  position: number;
  /** How many of them it has not applied yet */
  lag: number;
}

/** The one that joined first comes first */
export interface NodeList {
  items: Node[];
}

/** Every operation of the API, by method and path. */
export interface Operations {
  /** Who am I? */
  'GET /api/v1/me': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Me;
  };
  /** End the token that this call is made with */
  'DELETE /api/v1/me/token': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Where am I signed in? */
  'GET /api/v1/me/sessions': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: SessionList;
  };
  /** End one of my sessions */
  'DELETE /api/v1/me/sessions/{session}': {
    path: {
      session: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** How do I sign in? */
  'GET /api/v1/me/sign-in': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: OwnSignIn;
  };
  /** Whom can I ask? */
  'GET /api/v1/me/admins': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: AdminNames;
  };
  /** May I have tokens, and for how long? */
  'GET /api/v1/me/token-policy': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: OwnTokenPolicy;
  };
  /** List my tokens */
  'GET /api/v1/me/tokens': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
      status?: 'active' | 'expired' | undefined;
      /** The hint of the value, or its beginning */
      hint?: string | undefined;
      expiresBefore?: string | undefined;
      /** Not used since then, and made before */
      unusedSince?: string | undefined;
      /** true: only tokens whose old value still works */
      overlap?: boolean | undefined;
      /** What to sort by; `-` reverses */
      sort?: 'name' | '-name' | 'lastUsedAt' | '-lastUsedAt' | 'createdAt' | '-createdAt' | 'expiresAt' | '-expiresAt' | undefined;
      /** true: only tokens that were deleted */
      deleted?: boolean | undefined;
    };
    body: undefined;
    answer: TokenPage;
  };
  /** Create a token of my own; the only answer that holds its value */
  'POST /api/v1/me/tokens': {
    path: undefined;
    query: undefined;
    body: TokenInput;
    answer: IssuedToken;
  };
  /** Read one of my tokens */
  'GET /api/v1/me/tokens/{tokenId}': {
    path: {
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: Token;
  };
  /** Rename one of my tokens, shorten its life, or narrow its restrictions */
  'PATCH /api/v1/me/tokens/{tokenId}': {
    path: {
      tokenId: string;
    };
    query: undefined;
    body: TokenUpdate;
    answer: Token;
  };
  /** Delete one of my tokens for good */
  'DELETE /api/v1/me/tokens/{tokenId}': {
    path: {
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Give one of my tokens a new value */
  'POST /api/v1/me/tokens/{tokenId}/refresh': {
    path: {
      tokenId: string;
    };
    query: undefined;
    body: RefreshInput | undefined;
    answer: IssuedToken;
  };
  /** End the old value of one of my tokens now */
  'POST /api/v1/me/tokens/{tokenId}/end-overlap': {
    path: {
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: TokenAfterOverlap;
  };
  /** Who uses a value of one of my tokens */
  'GET /api/v1/me/tokens/{tokenId}/callers': {
    path: {
      tokenId: string;
    };
    query: {
      generation?: 'current' | 'previous' | undefined;
    };
    body: undefined;
    answer: TokenCallerPage;
  };
  /** List members, by name */
  'GET /api/v1/members': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
      status?: 'invited' | 'active' | undefined;
      organizationRole?: 'member' | 'admin' | undefined;
    };
    body: undefined;
    answer: MemberPage;
  };
  /** Invite people */
  'POST /api/v1/members': {
    path: undefined;
    query: undefined;
    body: MembersInput;
    answer: Invitations;
  };
  /** Read a member */
  'GET /api/v1/members/{member}': {
    path: {
      member: string;
    };
    query: undefined;
    body: undefined;
    answer: Member;
  };
  /** Rename a member, or change the member's organization role */
  'PATCH /api/v1/members/{member}': {
    path: {
      member: string;
    };
    query: undefined;
    body: MemberUpdate;
    answer: Member;
  };
  /** Remove a member: sessions, tokens and memberships end with this answer */
  'DELETE /api/v1/members/{member}': {
    path: {
      member: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Make a new invitation; the one before ends */
  'POST /api/v1/members/{member}/resend': {
    path: {
      member: string;
    };
    query: undefined;
    body: undefined;
    answer: Invitation;
  };
  /** All that a member may do, with every source of it */
  'GET /api/v1/members/{member}/access': {
    path: {
      member: string;
    };
    query: undefined;
    body: undefined;
    answer: AccessReport;
  };
  /** Who is invited, and to what? */
  'POST /api/v1/invitations/inspect': {
    path: undefined;
    query: undefined;
    body: InvitationQuestion;
    answer: InvitationFacts;
  };
  /** Join, under the e-mail that was invited, and be signed in */
  'POST /api/v1/invitations/accept': {
    path: undefined;
    query: undefined;
    body: InvitationAnswer;
    answer: JoinedMember;
  };
  /** Is the set-up link good? */
  'POST /api/v1/setup/inspect': {
    path: undefined;
    query: undefined;
    body: SetupQuestion;
    answer: SetupFacts;
  };
  /** Become the first admin, name the organization, and be signed in */
  'POST /api/v1/setup': {
    path: undefined;
    query: undefined;
    body: SetupAnswer;
    answer: JoinedMember;
  };
  /** How can people sign in? */
  'GET /api/v1/sign-in-options': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: SignInOptions;
  };
  /** List service accounts */
  'GET /api/v1/service-accounts': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
      status?: 'active' | 'disabled' | undefined;
      organizationRole?: 'member' | 'admin' | 'verifier' | undefined;
      /** Not used since then, and made before */
      unusedSince?: string | undefined;
      /** What to sort by; `-` reverses */
      sort?: 'name' | '-name' | 'lastUsedAt' | '-lastUsedAt' | 'createdAt' | '-createdAt' | undefined;
    };
    body: undefined;
    answer: ServiceAccountPage;
  };
  /** Create a service account */
  'POST /api/v1/service-accounts': {
    path: undefined;
    query: undefined;
    body: ServiceAccountInput;
    answer: ServiceAccount;
  };
  /** Read a service account */
  'GET /api/v1/service-accounts/{id}': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: ServiceAccount;
  };
  /** Change a service account */
  'PATCH /api/v1/service-accounts/{id}': {
    path: {
      id: string;
    };
    query: undefined;
    body: ServiceAccountUpdate;
    answer: ServiceAccount;
  };
  /** Delete a service account and all its tokens for good */
  'DELETE /api/v1/service-accounts/{id}': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Disable a service account */
  'POST /api/v1/service-accounts/{id}/disable': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: DisabledServiceAccount;
  };
  /** Enable a service account */
  'POST /api/v1/service-accounts/{id}/enable': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: ServiceAccount;
  };
  /** List the tokens of a service account */
  'GET /api/v1/service-accounts/{id}/tokens': {
    path: {
      id: string;
    };
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
      status?: 'active' | 'expired' | undefined;
      /** The hint of the value, or its beginning */
      hint?: string | undefined;
      expiresBefore?: string | undefined;
      /** Not used since then, and made before */
      unusedSince?: string | undefined;
      /** true: only tokens whose old value still works */
      overlap?: boolean | undefined;
      /** What to sort by; `-` reverses */
      sort?: 'name' | '-name' | 'lastUsedAt' | '-lastUsedAt' | 'createdAt' | '-createdAt' | 'expiresAt' | '-expiresAt' | undefined;
      /** true: only tokens that were deleted */
      deleted?: boolean | undefined;
    };
    body: undefined;
    answer: TokenPage;
  };
  /** Create a token; the only answer that holds its value */
  'POST /api/v1/service-accounts/{id}/tokens': {
    path: {
      id: string;
    };
    query: undefined;
    body: TokenInput;
    answer: IssuedToken;
  };
  /** Delete all tokens of a service account for good */
  'DELETE /api/v1/service-accounts/{id}/tokens': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: DeletedTokens;
  };
  /** Read a token */
  'GET /api/v1/service-accounts/{id}/tokens/{tokenId}': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: Token;
  };
  /** Rename a token, shorten its life, or narrow its restrictions */
  'PATCH /api/v1/service-accounts/{id}/tokens/{tokenId}': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: TokenUpdate;
    answer: Token;
  };
  /** Delete a token for good */
  'DELETE /api/v1/service-accounts/{id}/tokens/{tokenId}': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Give a token a new value */
  'POST /api/v1/service-accounts/{id}/tokens/{tokenId}/refresh': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: RefreshInput | undefined;
    answer: IssuedToken;
  };
  /** End the overlap: the old value dies now */
  'POST /api/v1/service-accounts/{id}/tokens/{tokenId}/end-overlap': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: TokenAfterOverlap;
  };
  /** Who uses a value of this token */
  'GET /api/v1/service-accounts/{id}/tokens/{tokenId}/callers': {
    path: {
      id: string;
      tokenId: string;
    };
    query: {
      generation?: 'current' | 'previous' | undefined;
    };
    body: undefined;
    answer: TokenCallerPage;
  };
  /** Calls of a token by hour or day, generation and outcome */
  'GET /api/v1/service-accounts/{id}/tokens/{tokenId}/usage': {
    path: {
      id: string;
      tokenId: string;
    };
    query: {
      /** 30 days before `to`, if absent */
      from?: string | undefined;
      /** Now, if absent */
      to?: string | undefined;
      by?: 'hour' | 'day' | undefined;
    };
    body: undefined;
    answer: TokenUsageReport;
  };
  /** List all tokens of the organization */
  'GET /api/v1/tokens': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
      status?: 'active' | 'expired' | undefined;
      /** The hint of the value, or its beginning */
      hint?: string | undefined;
      expiresBefore?: string | undefined;
      /** Not used since then, and made before */
      unusedSince?: string | undefined;
      /** true: only tokens whose old value still works */
      overlap?: boolean | undefined;
      /** What to sort by; `-` reverses */
      sort?: 'name' | '-name' | 'lastUsedAt' | '-lastUsedAt' | 'createdAt' | '-createdAt' | 'expiresAt' | '-expiresAt' | undefined;
    };
    body: undefined;
    answer: TokenPage;
  };
  /** Revoke every token that meets the conditions */
  'POST /api/v1/tokens/revoke': {
    path: undefined;
    query: undefined;
    body: TokenRevocation;
    answer: RevokedTokens;
  };
  /** Report a value that leaked: if it is alive it ends at once */
  'POST /api/v1/tokens/report-leak': {
    path: undefined;
    query: undefined;
    body: LeakReport;
    answer: undefined;
  };
  /** List all groups, by name */
  'GET /api/v1/groups': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
    };
    body: undefined;
    answer: GroupPage;
  };
  /** Create a group */
  'POST /api/v1/groups': {
    path: undefined;
    query: undefined;
    body: GroupInput;
    answer: Group;
  };
  /** Read a group */
  'GET /api/v1/groups/{group}': {
    path: {
      group: string;
    };
    query: undefined;
    body: undefined;
    answer: Group;
  };
  /** Change a group */
  'PATCH /api/v1/groups/{group}': {
    path: {
      group: string;
    };
    query: undefined;
    body: GroupUpdate;
    answer: Group;
  };
  /** Delete a group, and with it the access that it gave */
  'DELETE /api/v1/groups/{group}': {
    path: {
      group: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** List the members of a group, by name */
  'GET /api/v1/groups/{group}/members': {
    path: {
      group: string;
    };
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
    };
    body: undefined;
    answer: GroupMemberPage;
  };
  /** Put a principal into a group, or change its group role */
  'PUT /api/v1/groups/{group}/members/{principal}': {
    path: {
      group: string;
      principal: string;
    };
    query: undefined;
    body: GroupMemberInput;
    answer: GroupMember;
  };
  /** Take a principal out of a group, and with it the access that the group gave */
  'DELETE /api/v1/groups/{group}/members/{principal}': {
    path: {
      group: string;
      principal: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** List the workspace roles that a group carries */
  'GET /api/v1/groups/{group}/workspaces': {
    path: {
      group: string;
    };
    query: undefined;
    body: undefined;
    answer: GroupWorkspaces;
  };
  /** List the workspaces that the caller may read, by name */
  'GET /api/v1/workspaces': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
    };
    body: undefined;
    answer: WorkspacePage;
  };
  /** Create a workspace */
  'POST /api/v1/workspaces': {
    path: undefined;
    query: undefined;
    body: WorkspaceInput;
    answer: Workspace;
  };
  /** Read a workspace */
  'GET /api/v1/workspaces/{workspace}': {
    path: {
      workspace: string;
    };
    query: undefined;
    body: undefined;
    answer: Workspace;
  };
  /** Change a workspace */
  'PATCH /api/v1/workspaces/{workspace}': {
    path: {
      workspace: string;
    };
    query: undefined;
    body: WorkspaceUpdate;
    answer: Workspace;
  };
  /** Delete a workspace, and all access to it */
  'DELETE /api/v1/workspaces/{workspace}': {
    path: {
      workspace: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** List principals with a role of their own in a workspace, by name */
  'GET /api/v1/workspaces/{workspace}/members': {
    path: {
      workspace: string;
    };
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
    };
    body: undefined;
    answer: WorkspaceMemberPage;
  };
  /** Give a principal a role in a workspace, or another one */
  'PUT /api/v1/workspaces/{workspace}/members/{principal}': {
    path: {
      workspace: string;
      principal: string;
    };
    query: undefined;
    body: WorkspaceRoleInput | undefined;
    answer: WorkspaceMember;
  };
  /** Take a principal's own role in a workspace */
  'DELETE /api/v1/workspaces/{workspace}/members/{principal}': {
    path: {
      workspace: string;
      principal: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** List groups that carry a role in a workspace, by name */
  'GET /api/v1/workspaces/{workspace}/groups': {
    path: {
      workspace: string;
    };
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
    };
    body: undefined;
    answer: WorkspaceGroupPage;
  };
  /** Let a group carry a role in a workspace, or another one */
  'PUT /api/v1/workspaces/{workspace}/groups/{groupId}': {
    path: {
      workspace: string;
      groupId: string;
    };
    query: undefined;
    body: WorkspaceRoleInput | undefined;
    answer: WorkspaceGroup;
  };
  /** Take the role that a group carries in a workspace */
  'DELETE /api/v1/workspaces/{workspace}/groups/{groupId}': {
    path: {
      workspace: string;
      groupId: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** List the roles that the caller can give in a workspace */
  'GET /api/v1/workspaces/{workspace}/roles': {
    path: {
      workspace: string;
    };
    query: undefined;
    body: undefined;
    answer: RoleList;
  };
  /** List the workspace roles */
  'GET /api/v1/roles': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: RoleList;
  };
  /** Create a custom workspace role */
  'POST /api/v1/roles': {
    path: undefined;
    query: undefined;
    body: RoleInput;
    answer: Role;
  };
  /** Read a workspace role */
  'GET /api/v1/roles/{role}': {
    path: {
      role: string;
    };
    query: undefined;
    body: undefined;
    answer: Role;
  };
  /** Change a custom workspace role, for everybody who has it */
  'PATCH /api/v1/roles/{role}': {
    path: {
      role: string;
    };
    query: undefined;
    body: RoleUpdate;
    answer: Role;
  };
  /** Delete a custom workspace role that nobody has */
  'DELETE /api/v1/roles/{role}': {
    path: {
      role: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The permission catalogue */
  'GET /api/v1/permissions': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: PermissionList;
  };
  /** Register a permission of one of the organization's own APIs */
  'POST /api/v1/permissions': {
    path: undefined;
    query: undefined;
    body: PermissionInput;
    answer: Permission;
  };
  /** Describe a registered permission anew */
  'PATCH /api/v1/permissions/{name}': {
    path: {
      name: string;
    };
    query: undefined;
    body: PermissionUpdate;
    answer: Permission;
  };
  /** Remove a registered permission that no role holds */
  'DELETE /api/v1/permissions/{name}': {
    path: {
      name: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The processes that serve, their leases, and how far each has come */
  'GET /api/v1/nodes': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: NodeList;
  };
  /** May this principal do that there, and why? */
  'POST /api/v1/access/check': {
    path: undefined;
    query: undefined;
    body: AccessCheck;
    answer: AccessDecision;
  };
  /** All that a service account may do, with every source of it */
  'GET /api/v1/service-accounts/{id}/access': {
    path: {
      id: string;
    };
    query: {
      tokenId?: string | undefined;
    };
    body: undefined;
    answer: AccessReport;
  };
  /** The groups and workspaces of a service account */
  'GET /api/v1/service-accounts/{id}/memberships': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: Memberships;
  };
  /** Who would gain and lose what, if these changes were made? */
  'POST /api/v1/access/preview': {
    path: undefined;
    query: undefined;
    body: AccessPreviewInput;
    answer: AccessPreview;
  };
  /** Read the caller's organization */
  'GET /api/v1/organization': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Organization;
  };
  /** Rename the organization, or change who may have tokens, for how long, and what becomes of leaked ones */
  'PATCH /api/v1/organization': {
    path: undefined;
    query: {
      dryRun?: boolean | undefined;
    };
    body: OrganizationUpdate;
    answer: OrganizationOrPreview;
  };
  /** Let the tokens work again that wait since a restore */
  'POST /api/v1/organization/quarantine/release': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Organization;
  };
  /** Delete all tokens of the organization that wait since a restore */
  'POST /api/v1/organization/quarantine/delete-tokens': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: QuarantinedTokensDeleted;
  };
  /** What was done, and what was refused; newest first */
  'GET /api/v1/audit-events': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      actorId?: string | undefined;
      targetId?: string | undefined;
      /** What concerns this service account or member: done by it, or to it, to one of its tokens or to a role of it */
      principalId?: string | undefined;
      action?: string | undefined;
      /** The X-Request-Id of an answer, refused credentials included */
      requestId?: string | undefined;
      from?: string | undefined;
      to?: string | undefined;
    };
    body: undefined;
    answer: AuditEventPage;
  };
  /** Who presents this token, and may they do that? */
  'POST /api/v1/tokens/verify': {
    path: undefined;
    query: undefined;
    body: VerifyInput;
    answer: Verification;
  };
  /** What a verifier answered from its own memory */
  'POST /api/v1/usage-reports': {
    path: undefined;
    query: undefined;
    body: UsageReportInput;
    answer: undefined;
  };
  /** How far the change log has come */
  'GET /api/v1/changes/head': {
    path: undefined;
    query: {
      /** The `cursor` of the last answer; absent = a first one */
      after?: string | undefined;
    };
    body: undefined;
    answer: ChangeHead;
  };
  /** Changes as they happen, as server-sent events */
  'GET /api/v1/changes': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: unknown;
  };
}

/** The closed list of codes that the server answers errors with. */
export type ErrorCode =
  | 'request.malformed'
  | 'request.invalid'
  | 'request.credentials_ambiguous'
  | 'request.credentials_misplaced'
  | 'token.expiry_not_allowed'
  | 'invitation.invalid'
  | 'sign_in.link_invalid'
  | 'idempotency.key_invalid'
  | 'credentials.missing'
  | 'session.invalid'
  | 'token.malformed'
  | 'sign_in.refused'
  | 'sign_in.expired'
  | 'token.invalid'
  | 'token.quarantined'
  | 'sign_in.stale'
  | 'member.required'
  | 'origin.foreign'
  | 'permission.missing'
  | 'token.exceeds_credential'
  | 'token.policy_forbids'
  | 'plan.required'
  | 'route.not_found'
  | 'service_account.not_found'
  | 'token.not_found'
  | 'member.not_found'
  | 'session.not_found'
  | 'group.not_found'
  | 'workspace.not_found'
  | 'role.not_found'
  | 'permission.not_found'
  | 'principal.not_found'
  | 'membership.not_found'
  | 'request.method_not_allowed'
  | 'request.timeout'
  | 'quarantine.delete_only'
  | 'service_account.disabled'
  | 'service_account.external_id_taken'
  | 'member.email_taken'
  | 'setup.link_invalid'
  | 'member.joined'
  | 'member.last_admin'
  | 'user.email_taken'
  | 'totp.enabled'
  | 'token.refresh_conflict'
  | 'token.overlap_in_progress'
  | 'caller.locked_out'
  | 'group.name_taken'
  | 'group.external_id_taken'
  | 'workspace.name_taken'
  | 'workspace.external_id_taken'
  | 'role.name_taken'
  | 'role.in_use'
  | 'permission.name_taken'
  | 'permission.in_use'
  | 'idempotency.mismatch'
  | 'idempotency.superseded'
  | 'precondition.failed'
  | 'request.too_large'
  | 'request.media_type'
  | 'rate.limited'
  | 'changes.too_many_streams'
  | 'export.too_many'
  | 'request.headers_too_large'
  | 'internal'
  | 'storage.unavailable'
  | 'provider.unavailable'
  | 'outcome_unknown';
