import type { ErrorCode } from './openapi.gen.ts';

/** What goes wrong before an answer of Postern's is there. */
export type ClientErrorCode =
  /** The settings cannot work; nothing was sent. */
  | 'client.settings'
  /** No connection, or it was lost. */
  | 'client.connection'
  /** No answer, or no token to ask with, within `timeoutMs`. */
  | 'client.timeout'
  /** Something answered that is not Postern: a proxy, or another server at that address. */
  | 'client.unexpected_answer'
  /** A verifier could not find out whether a token is valid. */
  | 'client.verifier_unavailable';

/** One field that the server found invalid: a JSON Pointer into the body, or `/name` of a query parameter. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Where a permission is missing; `id` of the group or workspace. */
export interface MissingPlace {
  readonly kind: 'organization' | 'group' | 'workspace';
  readonly id: string | null;
}

export interface ErrorFacts {
  readonly code: ErrorCode | ClientErrorCode;
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly errors?: readonly FieldError[] | undefined;
  /** Finds the request in the audit log and in the server's log. */
  readonly requestId?: string | undefined;
  readonly permission?: string | undefined;
  readonly where?: MissingPlace | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Everything that a call can fail with, but an abort by the caller's own signal. Holds no header and no body. */
export class PosternError extends Error {
  readonly code: ErrorCode | ClientErrorCode;
  readonly status: number | null;
  /** What went wrong, in a few words. */
  readonly title: string;
  readonly detail: string | null;
  readonly errors: readonly FieldError[];
  readonly requestId: string | null;

  constructor(facts: ErrorFacts, options?: ErrorOptions) {
    super(messageOf(facts), options);
    this.name = new.target.name;
    this.code = facts.code;
    this.status = facts.status;
    this.title = facts.title;
    this.detail = facts.detail ?? null;
    this.errors = facts.errors ?? [];
    this.requestId = facts.requestId ?? null;
  }
}

/** The client was set up in a way that cannot work. */
export class SettingsError extends PosternError {
  constructor(sentence: string) {
    super({ code: 'client.settings', status: null, title: sentence });
  }
}

/**
 * Postern was not reached, or the connection was lost, after all retries, and whether the last request was carried out is not known. Or
 * there was no token to ask with in time.
 */
export class ConnectionError extends PosternError {}

/**
 * A verifier could not find out whether a token is valid, and does not guess: Postern was not reached, or did not accept the
 * verifier's own token, or the function that gives that token failed, and then `cause` is what it threw. Says nothing about the
 * token that was asked about.
 */
export class VerifierUnavailable extends PosternError {
  constructor(reason: string, options?: ErrorOptions) {
    super({ code: 'client.verifier_unavailable', status: null, title: reason }, options);
  }
}

/** 400: the request is wrong; `errors` names the fields. */
export class InvalidRequest extends PosternError {}

/** 401: the token is missing, expired, revoked or mistyped. */
export class Unauthenticated extends PosternError {}

/** 403: the token is valid and may not do this. */
export class PermissionDenied extends PosternError {
  /** The permission that is missing, if that is what was refused. */
  readonly missing: string | null;
  /** Where it is missing; null when that was not said. */
  readonly where: MissingPlace | null;

  constructor(facts: ErrorFacts) {
    super(facts);
    this.missing = facts.permission ?? null;
    this.where = facts.where ?? null;
  }
}

/** 404: there is no such thing, or not in this organization. */
export class NotFound extends PosternError {}

/** 409: the state of things does not allow it; `code` says which. */
export class Conflict extends PosternError {}

/** 412: the resource has changed since it was read. */
export class PreconditionFailed extends PosternError {}

/** 429, after all retries, or with a wait too long for them. */
export class RateLimited extends PosternError {
  /** How long the server asks to wait; null when it did not say. */
  readonly retryAfterMs: number | null;

  constructor(facts: ErrorFacts) {
    super(facts);
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

/** 5xx, after all retries. */
export class ServerError extends PosternError {
  /** How long the server asks to wait; null when it did not say. */
  readonly retryAfterMs: number | null;

  constructor(facts: ErrorFacts) {
    super(facts);
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

const BY_STATUS: Readonly<Record<number, new (facts: ErrorFacts) => PosternError>> = {
  400: InvalidRequest,
  401: Unauthenticated,
  403: PermissionDenied,
  404: NotFound,
  409: Conflict,
  412: PreconditionFailed,
  429: RateLimited,
};

/** The error of the class that its status stands for. */
export function errorOf(facts: ErrorFacts & { readonly status: number }): PosternError {
  const Known = BY_STATUS[facts.status] ?? (facts.status >= 500 ? ServerError : PosternError);
  return new Known(facts);
}

function messageOf({ title, detail, errors = [], code, requestId }: ErrorFacts): string {
  const fields = errors.map(({ path, message }) => `${path || 'The body'} ${message}.`);
  const facts = requestId ? `${code}, ${requestId}` : code;
  return [title, detail, ...fields, `(${facts})`].filter(Boolean).join(' ');
}
