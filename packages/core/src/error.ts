/**
 * The one table of everything that can go wrong and is told to a caller. A code is stable; its kind decides the HTTP
 * status (server/src/problem.ts is the only place that knows statuses); its title is public. The error reference in
 * docs/reference/errors.md is generated from this table.
 */

export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'timeout'
  | 'conflict'
  | 'precondition_failed'
  | 'too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'headers_too_large'
  | 'internal'
  | 'unavailable';

interface ErrorEntry {
  readonly kind: ErrorKind;
  /** One public sentence, the same for every occurrence. */
  readonly title: string;
  /** What the caller can do next; printed in the error reference. */
  readonly remedy: string;
}

export const ERRORS = {
  'request.malformed': {
    kind: 'invalid',
    title: 'The request could not be read.',
    remedy:
      'Send well-formed JSON (or a form, where one is asked for) in UTF-8, with a valid request line and headers.',
  },
  'request.invalid': {
    kind: 'invalid',
    title: 'The request has fields that are not valid.',
    remedy: 'Each entry of `errors` names a field by its path and says what it should be.',
  },
  'request.credentials_ambiguous': {
    kind: 'invalid',
    title: 'The request carries more than one credential.',
    remedy: 'Send exactly one Authorization header, and no session cookie beside it.',
  },
  'request.credentials_misplaced': {
    kind: 'invalid',
    title: 'A credential was sent where none is accepted.',
    remedy: 'Send the token in the Authorization header only. The value is in logs now: refresh the token.',
  },
  'token.expiry_not_allowed': {
    kind: 'invalid',
    title: "The organization's policy does not allow this expiry.",
    remedy: 'Name an `expiresAt`, not later than `maxExpiresAt` where the answer has one.',
  },
  'invitation.invalid': {
    kind: 'invalid',
    title: 'The invitation is not valid any more.',
    remedy: 'Ask whoever invited you for a new one. An invitation works once, and for 7 days.',
  },
  'sign_in.link_invalid': {
    kind: 'invalid',
    title: 'The link is not valid any more.',
    remedy: 'Ask for a new one. A link works once, and for an hour.',
  },
  'idempotency.key_invalid': {
    kind: 'invalid',
    title: 'The Idempotency-Key is not valid.',
    remedy: 'Use 22 to 128 characters of A-Z, a-z, 0-9, "-" and "_", random, and keep them secret.',
  },
  'credentials.missing': {
    kind: 'unauthenticated',
    title: 'This call needs a credential.',
    remedy: 'Send `Authorization: Bearer <token>`.',
  },
  'session.invalid': {
    kind: 'unauthenticated',
    title: 'The session has ended.',
    remedy: 'Sign in again.',
  },
  'token.malformed': {
    kind: 'unauthenticated',
    title: 'The credential is not a Postern token.',
    remedy: 'A token is `pst_` and 49 letters and digits. Check that it was copied whole.',
  },
  'sign_in.refused': {
    kind: 'unauthenticated',
    title: 'The e-mail, the password or the code is wrong.',
    remedy: 'Try again, or set a new password. Whether an e-mail is known is not told.',
  },
  'sign_in.expired': {
    kind: 'unauthenticated',
    title: 'The sign-in has taken too long, or too many codes were wrong.',
    remedy: 'Sign in again from the start.',
  },
  'token.invalid': {
    kind: 'unauthenticated',
    title: 'The token is not valid.',
    remedy: 'Ask an organization admin: the audit log holds the reason under the id of this request.',
  },
  'token.quarantined': {
    kind: 'unauthenticated',
    title: 'The database was restored from a backup, and tokens wait until an admin has released them.',
    remedy:
      'Wait, or ask an organization admin, who signs in and releases the tokens, or deletes them all. The operator can, too: `postern quarantine`.',
  },
  'sign_in.stale': {
    kind: 'forbidden',
    title: 'This change asks for a sign-in within the last 15 minutes.',
    remedy: 'Sign in again, and repeat it.',
  },
  'member.required': {
    kind: 'forbidden',
    title: 'Only people have tokens and sessions of their own.',
    remedy: "An organization admin manages a service account's tokens.",
  },
  'origin.foreign': {
    kind: 'forbidden',
    title: 'The request comes from a page of another site.',
    remedy: 'Call from a page at the public URL of this server, and send its `Origin`.',
  },
  'permission.missing': {
    kind: 'forbidden',
    title: 'The caller does not hold the permission that this call needs.',
    remedy: '`permission` names what is missing. An organization admin can grant it.',
  },
  'token.exceeds_credential': {
    kind: 'forbidden',
    title: 'A token cannot make a token that reaches further than itself.',
    remedy: 'Ask for an earlier expiry or narrower restrictions, or call with a credential that reaches further.',
  },
  'token.policy_forbids': {
    kind: 'forbidden',
    title: "The organization's policy does not allow this account to have tokens.",
    remedy: 'An organization admin can change the token policy, or add the account to a group that it names.',
  },
  'plan.required': {
    kind: 'forbidden',
    title: "The organization's plan does not include service accounts.",
    remedy: 'Service accounts need the Commercial or Enterprise plan.',
  },
  'route.not_found': {
    kind: 'not_found',
    title: 'There is nothing at this address.',
    remedy: 'Compare the path with /openapi.json: paths are case-sensitive and have no trailing slash.',
  },
  'service_account.not_found': {
    kind: 'not_found',
    title: 'There is no such service account.',
    remedy: 'List the accounts with GET /api/v1/service-accounts.',
  },
  'token.not_found': {
    kind: 'not_found',
    title: 'There is no such token.',
    remedy: 'List the tokens of the account with GET /api/v1/service-accounts/{id}/tokens.',
  },
  'member.not_found': {
    kind: 'not_found',
    title: 'There is no such member.',
    remedy: 'List the members with GET /api/v1/members.',
  },
  'session.not_found': {
    kind: 'not_found',
    title: 'There is no such session.',
    remedy: 'List your sessions with GET /api/v1/me/sessions.',
  },
  'group.not_found': {
    kind: 'not_found',
    title: 'There is no such group.',
    remedy: 'List the groups with GET /api/v1/groups.',
  },
  'workspace.not_found': {
    kind: 'not_found',
    title: 'There is no such workspace.',
    remedy: 'List your workspaces with GET /api/v1/workspaces.',
  },
  'role.not_found': {
    kind: 'not_found',
    title: 'There is no such role.',
    remedy:
      'List the roles with GET /api/v1/roles, or those that you can give in a workspace with GET /api/v1/workspaces/{workspace}/roles.',
  },
  'permission.not_found': {
    kind: 'not_found',
    title: 'There is no such registered permission.',
    remedy: 'List the catalogue with GET /api/v1/permissions.',
  },
  'principal.not_found': {
    kind: 'not_found',
    title: 'There is no such principal.',
    remedy: 'A principal is a service account or a member of this organization, named by its id.',
  },
  'membership.not_found': {
    kind: 'not_found',
    title: 'There is no such membership.',
    remedy: 'List the members first.',
  },
  'request.method_not_allowed': {
    kind: 'method_not_allowed',
    title: 'This address does not answer that method.',
    remedy: 'The `Allow` header lists the methods that it answers.',
  },
  'request.timeout': {
    kind: 'timeout',
    title: 'The request took too long to arrive.',
    remedy: 'Send the whole request at once.',
  },
  'quarantine.delete_only': {
    kind: 'conflict',
    title: 'The tokens of this organization cannot be released, only deleted.',
    remedy:
      'The database was restored without a journal that tells what was revoked since the backup. Delete the tokens, and make new ones.',
  },
  'service_account.disabled': {
    kind: 'conflict',
    title: 'The service account is disabled.',
    remedy: 'Enable it first: POST /api/v1/service-accounts/{id}/enable.',
  },
  'service_account.external_id_taken': {
    kind: 'conflict',
    title: 'Another service account has this externalId.',
    remedy: 'An externalId is unique in the organization. Find its account, or choose another.',
  },
  'member.email_taken': {
    kind: 'conflict',
    title: 'Somebody with this e-mail is a member already, or invited.',
    remedy: 'Find the member, and change the role or send the invitation again.',
  },
  'setup.link_invalid': {
    kind: 'conflict',
    title: 'The set-up link is not valid any more.',
    remedy:
      'A link works once, and for an hour. On the server, `postern setup-link` makes a new one until a person is there.',
  },
  'member.joined': {
    kind: 'conflict',
    title: 'The member has joined already.',
    remedy: 'There is nothing to send again.',
  },
  'member.last_admin': {
    kind: 'conflict',
    title: 'This is the last admin who is a person.',
    remedy: 'Make another member an admin first.',
  },
  'user.email_taken': {
    kind: 'conflict',
    title: 'Somebody with this e-mail is here already.',
    remedy: 'Choose another e-mail.',
  },
  'totp.enabled': {
    kind: 'conflict',
    title: 'Codes from an authenticator app are asked for already.',
    remedy: 'Switch them off first.',
  },
  'token.refresh_conflict': {
    kind: 'conflict',
    title: 'The token was refreshed by somebody else meanwhile. No new value was made.',
    remedy: 'Read the token again and decide whether it still needs refreshing.',
  },
  'token.overlap_in_progress': {
    kind: 'conflict',
    title: 'An old value of this token is still in its overlap.',
    remedy: 'End the overlap first (POST …/end-overlap), wait for its end, or refresh without overlap.',
  },
  'caller.locked_out': {
    kind: 'conflict',
    title: 'This change would lock out the credential that asks for it.',
    remedy: 'Call with another credential; a token ends itself with DELETE /api/v1/me/token.',
  },
  'group.name_taken': {
    kind: 'conflict',
    title: 'Another group has this name.',
    remedy: 'Names are compared without regard to case, width and spaces; choose another.',
  },
  'group.external_id_taken': {
    kind: 'conflict',
    title: 'Another group has this externalId.',
    remedy: 'An externalId is unique in the organization. Find its group, or choose another.',
  },
  'workspace.name_taken': {
    kind: 'conflict',
    title: 'Another workspace has this name.',
    remedy: 'Names are compared without regard to case; choose another.',
  },
  'workspace.external_id_taken': {
    kind: 'conflict',
    title: 'Another workspace has this externalId.',
    remedy: 'An externalId is unique in the organization. Find its workspace, or choose another.',
  },
  'role.name_taken': {
    kind: 'conflict',
    title: 'Another role has this name.',
    remedy: 'Names are compared without regard to case, width and spaces; choose another.',
  },
  'role.in_use': {
    kind: 'conflict',
    title: 'The role is in use.',
    remedy: 'Give those who have it another role first.',
  },
  'permission.name_taken': {
    kind: 'conflict',
    title: 'This permission is registered already.',
    remedy: 'Use it, or register another name.',
  },
  'permission.in_use': {
    kind: 'conflict',
    title: 'A custom role names this permission.',
    remedy: 'Take it out of the roles first.',
  },
  'idempotency.mismatch': {
    kind: 'conflict',
    title: 'This Idempotency-Key was used for another request.',
    remedy: 'Use a new key for each request; repeat a key only to repeat the very same request.',
  },
  'idempotency.superseded': {
    kind: 'conflict',
    title: 'The value that this Idempotency-Key answered is no longer valid. Nothing was done again.',
    remedy: 'Use a new key to make a new value.',
  },
  'precondition.failed': {
    kind: 'precondition_failed',
    title: 'The resource has changed since it was read.',
    remedy: 'Read it again, and send its new ETag as If-Match.',
  },
  'request.too_large': {
    kind: 'too_large',
    title: 'The request body is too large.',
    remedy: 'A body holds at most 64 KiB.',
  },
  'request.media_type': {
    kind: 'unsupported_media_type',
    title: 'The body is of a type that this call does not read.',
    remedy: 'Send `Content-Type: application/json` (a form to /oauth2/…).',
  },
  'rate.limited': {
    kind: 'rate_limited',
    title: 'Too many failed attempts from this address.',
    remedy: 'Wait as long as `Retry-After` says. Valid tokens are not affected.',
  },
  'changes.too_many_streams': {
    kind: 'rate_limited',
    title: 'This principal has as many streams of changes open as one may have.',
    remedy: 'Close one of them: a principal may have 5 open. One stream per process is enough.',
  },
  'export.too_many': {
    kind: 'rate_limited',
    title: 'This principal has as many exports running as one may have.',
    remedy: 'Wait until one of them has ended: 5 may run at once.',
  },
  'request.headers_too_large': {
    kind: 'headers_too_large',
    title: 'The request headers are too large.',
    remedy: 'Headers hold at most 8 KiB together.',
  },
  internal: {
    kind: 'internal',
    title: 'Something went wrong on the server.',
    remedy: 'Tell the operator the id of this request.',
  },
  'storage.unavailable': {
    kind: 'unavailable',
    title: 'The database cannot be reached now. Nothing was done.',
    remedy: 'Try again after `Retry-After`.',
  },
  'provider.unavailable': {
    kind: 'unavailable',
    title: 'The sign-in provider cannot be reached now.',
    remedy: 'Try again later, or sign in with a password.',
  },
  outcome_unknown: {
    kind: 'unavailable',
    title: 'The connection to the database was lost while the change was committed: it may or may not have been made.',
    remedy: 'Read the resource before trying again, or repeat with the same Idempotency-Key.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** The closed list of codes. */
export type ErrorCode = keyof typeof ERRORS;

/** One field that is not valid: a JSON Pointer (RFC 6901) into the body, or `/name` of a query parameter. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface ErrorFacts {
  /** Public; says what to do about this very occurrence. Never holds a value that the caller sent. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** For `permission.missing`: what is missing. */
  readonly permission?: string;
  /** And where: in the organization, or in the named workspace or group. */
  readonly where?: { readonly kind: 'organization' | 'group' | 'workspace'; readonly id: string | null };
  /** For `token.expiry_not_allowed`: the latest expiry that the policy allows (RFC 3339), where it has a latest. */
  readonly maxExpiresAt?: string;
  /** Seconds, for 429 and 503. */
  readonly retryAfterSeconds?: number;
  /** For the log only. */
  readonly internal?: string;
}

/** The only error that a caller ever hears of. Everything else that is thrown is a bug and answers as `internal`. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts = {}) {
    super(facts.internal ?? facts.detail ?? ERRORS[code].title);
    this.name = 'DomainError';
    this.code = code;
    this.facts = facts;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }
}

/** `request.invalid` for one field. */
export function invalidField(path: string, message: string): DomainError {
  return new DomainError('request.invalid', { errors: [{ path, message }] });
}
