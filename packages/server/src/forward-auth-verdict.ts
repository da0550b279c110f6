import {
  type AdmittedToken,
  type Decision,
  DomainError,
  decide,
  type OrganizationId,
  PLATFORM_ORGANIZATION,
  type Place,
  permissionMissing,
  subjectOf,
  type Verdict,
} from '@postern/core';
import type { FastifyRequest } from 'fastify';
import { type Presented, refuse, refuseAs, retiringHeader } from './authenticate.ts';
import { readUserAgent } from './client.ts';
import { parseCredential } from './credential.ts';
import { decideAt } from './decision.ts';
import { findWorkspaceOf } from './place.ts';
import { toDomainError, toProblem } from './problem.ts';
import type { Server } from './server.ts';

/**
 * Who presents this token, and may they do that? Asked by a proxy for each request that it lets through or not. The proxy
 * has no credential of its own: the caller's token is looked at, and the caller is who gets to read what is refused.
 */

/** What a proxy asks, as it stands in the proxy's configuration. */
export interface ForwardAuthQuestion {
  /** Whose tokens are let through, by id. */
  readonly organization: string;
  readonly permission?: string | undefined;
  /** By id or name. */
  readonly workspace?: string | undefined;
}

/** Tokens of every organization. */
export const ANY_ORGANIZATION = '*';

/** What of a request is read, and what is left on it for the log. */
export type ForwardAuthRequest = Presented &
  Pick<FastifyRequest, 'failure'> & { readonly raw: { readonly rawHeaders: readonly string[] } };

/** What is answered, whichever way the request came. */
export interface ForwardAuthAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an upstream is told of its caller: always all of them, so that copying them overwrites what a caller sent. */
export const PRINCIPAL_HEADERS = {
  'X-Postern-Principal': 'Its id',
  'X-Postern-Principal-Kind': '`service_account` or `member`',
  'X-Postern-Principal-Name': 'Its name, percent-encoded',
  'X-Postern-Organization': 'The id of its organization',
  'X-Postern-Organization-Role': 'Its role there',
  'X-Postern-Workspace-Role':
    'The name, percent-encoded, of its role in the workspace that was asked about; empty where it has none of its own',
  'X-Postern-Token': 'The id of its token',
} as const;

type PrincipalHeaders = Readonly<Record<Lowercase<keyof typeof PRINCIPAL_HEADERS>, string>>;

/** The answer to the question about the token of this request, from memory where that may be trusted. Never throws, or rejects. */
export function answerForwardAuth(
  server: Server,
  request: ForwardAuthRequest,
  question: ForwardAuthQuestion,
): ForwardAuthAnswer | Promise<ForwardAuthAnswer> {
  const refused = (error: unknown): ForwardAuthAnswer => refuseForwardAuth(request, error);
  try {
    const verdict = server.verifier.verify(presentedToken(server, request), request.address);
    const answer =
      verdict instanceof Promise
        ? verdict.then((settled) => judge(server, request, question, settled))
        : judge(server, request, question, verdict);
    return answer instanceof Promise ? answer.catch(refused) : answer;
  } catch (error) {
    return refused(error);
  }
}

/** The error as proxies are answered: to 401 and 403 belongs no body, because most proxies pass it on. */
export function refuseForwardAuth(
  request: Pick<ForwardAuthRequest, 'id' | 'failure'>,
  error: unknown,
): ForwardAuthAnswer {
  const domainError = toDomainError(error);
  request.failure = { code: domainError.code, internal: domainError.facts.internal };
  const { status, headers, contentType, body } = toProblem(domainError, request.id);
  const isForCaller = domainError.kind === 'unauthenticated' || domainError.kind === 'forbidden';
  return isForCaller
    ? { status, headers, body: '' }
    : { status, headers: { ...headers, 'content-type': contentType }, body };
}

/** The one token of the request. Throws `credentials.missing`, or `request.credentials_ambiguous` when there are several. */
function presentedToken({ forwardAuthHeader }: Server, { decisive, raw }: ForwardAuthRequest): string {
  const authorization = decisive?.authorization ?? [];
  const others = forwardAuthHeader === null ? [] : readHeader(raw.rawHeaders, forwardAuthHeader);
  if (authorization.length + others.length > 1) throw new DomainError('request.credentials_ambiguous');
  if (others[0] !== undefined) return others[0];
  // A cookie is between the caller and the upstream.
  const credential = parseCredential({ authorization, hosts: 1, sessionCookie: false });
  if (credential.scheme === 'none') throw new DomainError('credentials.missing');
  return credential.scheme === 'bearer' ? credential.token : NO_TOKEN;
}

/** What is in another scheme is malformed. */
const NO_TOKEN = '';

/** The values of a header, as often as it came, but for empty ones. */
function readHeader(raw: readonly string[], wanted: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const [name, value] = [raw[index] as string, raw[index + 1] as string];
    if (name.length === wanted.length && name.toLowerCase() === wanted && value !== '') values.push(value);
  }
  return values;
}

function judge(
  server: Server,
  request: ForwardAuthRequest,
  question: ForwardAuthQuestion,
  verdict: Verdict,
): ForwardAuthAnswer | Promise<ForwardAuthAnswer> {
  // A token of another organization leaves no trace there.
  if (verdict.outcome !== 'malformed' && verdict.record && !isAskedAbout(question, verdict.record.organization.id))
    throw refuseAs(server, request, 'another_organization');
  if (verdict.outcome !== 'active') throw refuse(server, request, verdict);
  const { record } = verdict;
  const { permission, workspace } = question;
  if (permission === undefined) return answerDecision(server, request, question, record, undefined);
  if (workspace === undefined)
    return answerDecision(server, request, question, record, decide(subjectOf(record), permission));
  const answerAt = (place: Place | undefined): ForwardAuthAnswer =>
    answerDecision(server, request, question, record, decideAt(subjectOf(record), permission, place), place);
  const place = findWorkspaceOf(server, record, workspace);
  return place instanceof Promise ? place.then(answerAt) : answerAt(place);
}

/** Those who verify for everybody are nobody's callers. */
function isAskedAbout({ organization }: ForwardAuthQuestion, id: OrganizationId): boolean {
  return id !== PLATFORM_ORGANIZATION && (organization === ANY_ORGANIZATION || organization === id);
}

function answerDecision(
  server: Server,
  request: ForwardAuthRequest,
  { permission }: ForwardAuthQuestion,
  record: AdmittedToken,
  decision: Decision | undefined,
  place?: Place,
): ForwardAuthAnswer {
  const { id: requestId, address } = request;
  const userAgent = readUserAgent(request.headers['user-agent']);
  const outcome = decision?.allowed === false ? 'denied' : 'allowed';
  server.usage.record(record, outcome, { address, userAgent }, permission ?? null);
  request.caller = { record, request: { requestId, address, userAgent } };
  const retiring = retiringHeader(request.caller);
  const more = retiring === undefined ? NO_HEADERS : { 'postern-token': retiring };
  if (decision?.allowed === false) {
    const refusal = refuseForwardAuth(request, permissionMissing(decision.missing));
    return { ...refusal, headers: { ...refusal.headers, ...more } };
  }
  return { status: 200, headers: { ...principalHeaders(record, place), ...more }, body: '' };
}

const NO_HEADERS = {};

function principalHeaders(record: AdmittedToken, place: Place | undefined): PrincipalHeaders {
  let headers = HEADERS.get(record);
  if (!headers) {
    headers = representPrincipal(record);
    HEADERS.set(record, headers);
  }
  if (place?.kind !== 'workspace') return headers;
  const role = record.principal.grants.find(({ workspaceId }) => workspaceId === place.id)?.role.name;
  return role === undefined ? headers : { ...headers, 'x-postern-workspace-role': encodeURIComponent(role) };
}

/** Written once for as long as the record is kept in memory. */
const HEADERS = new WeakMap<AdmittedToken, PrincipalHeaders>();

function representPrincipal({ principal, organization, token }: AdmittedToken): PrincipalHeaders {
  return {
    'x-postern-principal': principal.id,
    'x-postern-principal-kind': principal.kind,
    'x-postern-principal-name': encodeURIComponent(principal.displayName),
    'x-postern-organization': organization.id,
    'x-postern-organization-role': principal.organizationRole,
    'x-postern-workspace-role': '',
    'x-postern-token': token.id,
  };
}
