import type { FastifySchema } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { STATUS } from './problem.ts';
import { Closed, nameOf, OAuthError, Problem, RefTo } from './schema.ts';

/** What the OpenAPI document says of a route besides its schemas. */
export interface Documentation {
  readonly operation: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What it answers, by status; null = no body. */
  readonly answers: Readonly<Record<number, AnswerDocumentation>>;
  /** Statuses of errors that a route of its shape does not have else. */
  readonly alsoFails?: readonly number[];
  /** Reads a form, and answers errors as OAuth does. */
  readonly oauth?: boolean;
}

export interface AnswerDocumentation {
  readonly description: string;
  readonly body: TSchema | null;
  /** Its media type; absent = JSON. */
  readonly type?: string;
  /** Headers of its own, with what each holds. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface DocumentedRoute extends Documentation {
  readonly method: string;
  readonly url: string;
  readonly permission?: string | null;
  readonly reason?: string;
  readonly audit?: unknown;
  readonly conditional?: boolean;
  readonly idempotent?: boolean;
  readonly basic?: boolean;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly bodyOptional?: boolean;
  readonly exports?: { readonly types: readonly string[] };
}

/** Marks an operation whose body may be left out, until the document is finished. */
export const BODY_OPTIONAL = 'x-postern-body-optional';

const EMPTY_QUERY = Closed({});

/** The schema of a route: its request for the checks, and all of it for the OpenAPI document. */
export function documentRoute(
  route: DocumentedRoute,
  { authenticated }: { readonly authenticated: boolean },
): FastifySchema {
  const headers = headersOf(route);
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    security: securityOf(route, authenticated),
    ...(authenticated && { 'x-postern-permission': route.permission ?? null }),
    ...(route.reason !== undefined && { 'x-postern-reason': route.reason }),
    querystring: route.query ?? EMPTY_QUERY,
    ...(route.body && { body: nameOf(route.body) === undefined ? route.body : RefTo(route.body) }),
    ...(route.bodyOptional && { [BODY_OPTIONAL]: true }),
    ...(route.oauth && { consumes: ['application/x-www-form-urlencoded'] }),
    ...(headers && { headers }),
    response: { ...successes(route), ...failures(route, authenticated) },
  } as FastifySchema;
}

function securityOf(route: DocumentedRoute, authenticated: boolean): object[] {
  if (!authenticated) return [];
  return route.basic ? [{ bearer: [] }, { basic: [] }] : [{ bearer: [] }];
}

/** For the document only: each header is parsed by hand. */
function headersOf({ conditional, idempotent }: DocumentedRoute): TSchema | undefined {
  if (!conditional && !idempotent) return undefined;
  return Type.Object({
    ...(conditional && {
      'If-Match': Type.Optional(Type.String({ description: 'The ETag that the resource must still have, or `*`' })),
    }),
    ...(idempotent && {
      'Idempotency-Key': Type.Optional(
        Type.String({
          pattern: '^[A-Za-z0-9_-]{22,128}$',
          description: 'Random, kept secret: the same request under the same key gets the same answer for 24 hours',
        }),
      ),
    }),
  });
}

function successes(route: DocumentedRoute): Record<string, object> {
  const exportTypes = route.exports?.types ?? [];
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, { description, body, type = 'application/json', headers = {} }]) => [
      status,
      {
        description,
        ...(body === null
          ? { type: 'null' }
          : {
              content: {
                [type]: { schema: nameOf(body) === undefined ? body : RefTo(body) },
                ...Object.fromEntries(exportTypes.map((each) => [each, { schema: Type.String() }])),
              },
            }),
        ...(Object.keys(headers).length > 0 && { headers: describeHeaders(headers) }),
      },
    ]),
  );
}

/** Answered before it is known which route is asked for. */
const UNREAD: ReadonlySet<number> = new Set([STATUS.timeout, STATUS.headers_too_large]);

function describeHeaders(headers: Readonly<Record<string, string>>): Record<string, object> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { type: 'string', description }]),
  );
}

/** The errors that a route of this shape can answer. */
function failures(route: DocumentedRoute, authenticated: boolean): Record<string, object> {
  const mutates = route.audit !== undefined;
  const reads = route.method !== 'GET';
  const possible: [number, string, boolean][] = [
    [STATUS.invalid, 'Malformed or not valid', true],
    [STATUS.unauthenticated, 'No credential, or not a valid one', authenticated || route.oauth === true],
    [STATUS.forbidden, 'The permission is missing', authenticated && (route.permission !== null || mutates)],
    [STATUS.not_found, 'There is no such thing', route.url.includes(':') || mutates],
    [STATUS.timeout, 'The request did not arrive in time', true],
    [STATUS.conflict, 'In conflict with what is there', mutates],
    [STATUS.precondition_failed, 'Changed since it was read', route.conditional === true],
    [STATUS.too_large, 'The body is too large', reads],
    [STATUS.unsupported_media_type, 'The body is of another type', reads],
    [STATUS.rate_limited, 'Too many failed attempts', authenticated || route.oauth === true],
    [STATUS.headers_too_large, 'The headers, the address included, are too large', true],
    [STATUS.internal, 'Something went wrong on the server', true],
    [STATUS.unavailable, 'The database cannot be reached', true],
  ];
  const problem = { 'application/problem+json': { schema: RefTo(Problem) } };
  const content = route.oauth ? { 'application/json': { schema: RefTo(OAuthError) } } : problem;
  return Object.fromEntries(
    possible
      .filter(([status, , applies]) => (applies || route.alsoFails?.includes(status)) && !(status in route.answers))
      .map(([status, description]) => [status, { description, content: UNREAD.has(status) ? problem : content }]),
  );
}
