import {
  type AuditAction,
  type AuditTarget,
  type Authorized,
  authorize,
  type Caller,
  DomainError,
  type IdempotencyKey,
  type IdempotentRequest,
  leavingRefusal,
  type MutationOptions,
  type Permission,
  parseIdempotencyKey,
} from '@postern/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { type Answer, sendAnswer } from './answer.ts';
import { createAuthenticate, createAuthenticateAgain } from './authenticate.ts';
import { parseIfMatch } from './condition.ts';
import { type Documentation, documentRoute } from './document.ts';
import { createSendExport, preferredType } from './export.ts';
import type { HotRoute } from './hot-lane.ts';
import { type Found, findPlace, type PlaceKind, type PlaceParams } from './place.ts';
import type { Server } from './server.ts';
import { unknownField } from './validate.ts';

/** The names in a path: `/a/:id/b/:tokenId` has `id` and `tokenId`. */
type ParamNames<Url extends string> = Url extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamNames<Rest>
  : Url extends `${string}:${infer Name}`
    ? Name
    : never;

export type Params<Url extends string> = Readonly<Record<ParamNames<Url>, string>>;

/** What a route's `act` works with, once the caller is known, the request is valid, and the permission is held. */
export interface Act<
  Needed extends Permission | null,
  Url extends string,
  Query extends TSchema,
  Body extends TSchema,
  At extends PlaceKind = 'organization',
> {
  readonly caller: Authorized<Needed>;
  readonly params: Params<Url>;
  readonly query: Static<Query>;
  readonly body: Static<Body>;
  /** The place that the path names. */
  readonly found: Found<At>;
  /** If-Match and Idempotency-Key, where the route honours them. */
  readonly options: MutationOptions;
  /** Which of the route's exports the client would rather have than JSON. */
  readonly exportType: string | undefined;
}

/** What a mutation leaves in the audit log when it is refused. */
export interface RouteAudit<Url extends string, Query extends TSchema, Body extends TSchema> {
  readonly action: AuditAction;
  readonly target: (params: Params<Url>, caller: Caller) => AuditTarget | null;
  /** Whether this very request asks for a change; absent = always. */
  readonly when?: (request: { readonly body: Static<Body>; readonly query: Static<Query> }) => boolean;
}

interface RouteBase<Url extends string, Query extends TSchema, Body extends TSchema> extends Documentation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: Url;
  readonly query?: Query;
  readonly body?: Body;
  /** Without a body the request means the same as with an empty object. */
  readonly bodyOptional?: boolean;
}

/** A route for callers with a credential. */
export interface Route<
  Needed extends Permission | null,
  Url extends string,
  Query extends TSchema,
  Body extends TSchema,
  At extends PlaceKind = 'organization',
> extends RouteBase<Url, Query, Body> {
  readonly permission: Needed;
  /** Where it is needed: in the group or workspace that the path names (`:group`, `:workspace`); absent = in the organization. */
  readonly at?: At;
  /** Why no permission is needed; to be said where `permission` is null. */
  readonly reason?: string;
  readonly audit?: RouteAudit<Url, Query, Body>;
  /** Honours If-Match. */
  readonly conditional?: boolean;
  /** Honours Idempotency-Key. */
  readonly idempotent?: boolean;
  /** Understands HTTP Basic too. */
  readonly basic?: boolean;
  /** Asked about at every call of the platform: plain requests take the hot lane. */
  readonly hot?: boolean;
  /** Media types in which it can be had as a whole, and how often the credential is looked at meanwhile. */
  readonly exports?: { readonly types: readonly string[]; readonly checkMs?: number | undefined };
  act(request: Act<Needed, Url, Query, Body, At>): Answer | Promise<Answer>;
}

/** A route that needs no credential. */
export interface OpenRoute<Url extends string, Query extends TSchema, Body extends TSchema>
  extends RouteBase<Url, Query, Body> {
  /** Why no credential is needed. */
  readonly reason: string;
  /** A credential that is sent all the same must be good. */
  readonly credentialChecked?: boolean;
  act(request: { readonly request: FastifyRequest; readonly body: Static<Body> }): Answer | Promise<Answer>;
}

/**
 * Declares a route: authenticate (before the body is read) → validate → find the place → authorize → act. A mutation that
 * is refused from the third step on leaves its audit event before the answer.
 */
export function declareRoute<
  const Needed extends Permission | null,
  const Url extends string,
  Query extends TSchema,
  Body extends TSchema,
  const At extends PlaceKind = 'organization',
>(app: FastifyInstance, server: Server, route: Route<Needed, Url, Query, Body, At>): void {
  if (route.permission === null && route.reason === undefined)
    throw new Error(`${route.url}: say why no permission is needed`);
  const { permission, audit, act } = route;
  const at = route.at ?? ('organization' as At);
  if (route.hot) app.hotRoutes.push(route as unknown as HotRoute);
  const credentials = { pattern: route.url, permission, basic: route.basic ?? false };
  const { types = [], checkMs } = route.exports ?? {};
  const sendExport = route.exports ? createSendExport(app, server, credentials, checkMs) : undefined;

  function perform(request: FastifyRequest): Answer | Promise<Answer> {
    const caller = callerOf(request);
    const options = readOptions(route, request);
    const params = request.params as Params<Url>;
    const query = request.query as Static<Query>;
    const body = request.body as Static<Body>;
    const exportType = preferredType(request.headers.accept, types);
    const actAt = (found: Found<At>) =>
      act({ caller: authorize(caller, permission, found.place), params, query, body, options, found, exportType });
    const run = () => {
      const found = findPlace(server, caller, at, params as PlaceParams);
      return found instanceof Promise ? found.then(actAt) : actAt(found);
    };
    if (!audit || audit.when?.({ body, query }) === false) return run();
    const attempt = { action: audit.action, target: audit.target(params, caller) };
    return leavingRefusal(server, caller, attempt, async () => run());
  }

  app.route({
    method: route.method,
    url: route.url,
    schema: documentRoute(route, { authenticated: true }),
    onRequest: [...requireNames(route.url), createAuthenticate(server, credentials)],
    preValidation: settleBody(route),
    preHandler: route.body && (!audit || audit.when) ? createAuthenticateAgain(server, credentials) : [],
    handler(request, reply) {
      const answer = perform(request);
      return sendExport ? sendExport(request, reply, answer) : answerWith(reply, answer);
    },
  });
}

/** Declares a route that anybody may call: validate → act. */
export function declareOpenRoute<const Url extends string, Query extends TSchema, Body extends TSchema>(
  app: FastifyInstance,
  server: Server,
  route: OpenRoute<Url, Query, Body>,
): void {
  const { act } = route;
  app.route({
    method: route.method,
    url: route.url,
    schema: documentRoute(route, { authenticated: false }),
    onRequest: route.credentialChecked
      ? createAuthenticate(server, { pattern: route.url, permission: null, optional: true })
      : namePattern(route.url),
    preValidation: settleBody(route),
    handler: (request, reply) => answerWith(reply, act({ request, body: request.body as Static<Body> })),
  });
}

/** A warm verification answers at once; only what has to wait is awaited. */
function answerWith(reply: FastifyReply, answer: Answer | Promise<Answer>): FastifyReply | Promise<FastifyReply> {
  return answer instanceof Promise ? answer.then((settled) => sendAnswer(reply, settled)) : sendAnswer(reply, answer);
}

function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new DomainError('internal', { internal: 'a route acts without a caller' });
  return request.caller;
}

/** A path that ends where a name should stand is not this route's. */
function requireNames(url: string) {
  if (!url.includes(':')) return [];
  return [
    (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
      const names = Object.values(request.params as Record<string, string>);
      done(names.includes('') ? new DomainError('route.not_found') : undefined);
    },
  ];
}

function namePattern(pattern: string) {
  return (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    request.pattern = pattern;
    done();
  };
}

/** A key that is sent where none is honoured must be one all the same: a client that relies on it has a mistake in it. */
function readOptions(
  route: { readonly conditional?: boolean; readonly idempotent?: boolean },
  request: FastifyRequest,
): MutationOptions {
  const { 'if-match': ifMatch, 'idempotency-key': text } = request.headers;
  const key = text === undefined ? null : parseIdempotencyKey(String(text));
  if (!route.conditional && !route.idempotent) return NO_OPTIONS;
  return {
    ifMatch: route.conditional ? parseIfMatch(ifMatch) : null,
    idempotent: route.idempotent && key ? toIdempotentRequest(request, key, ifMatch) : null,
  };
}

const NO_OPTIONS: MutationOptions = {};

function toIdempotentRequest(
  request: FastifyRequest,
  key: IdempotencyKey,
  ifMatch: string | undefined,
): IdempotentRequest {
  return {
    key,
    method: request.method,
    path: request.url,
    ifMatch: ifMatch ?? null,
    body: JSON.stringify(request.body ?? {}),
  };
}

/** An absent body where one is optional counts as an empty object; where there is none to send, fields are unknown. */
function settleBody({
  method,
  body,
  bodyOptional,
}: {
  readonly method: string;
  readonly body?: TSchema;
  readonly bodyOptional?: boolean;
}) {
  if (method === 'GET' || (body && !bodyOptional)) return [];
  return [
    (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
      if (request.body === undefined) request.body = {};
      done(body ? undefined : refuseFields(request.body));
    },
  ];
}

function refuseFields(body: unknown): DomainError | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return new DomainError('request.invalid', {
      errors: [{ path: '', message: 'must be empty: this call takes no body' }],
    });
  }
  const keys = Object.keys(body).slice(0, 20);
  if (keys.length === 0) return undefined;
  return new DomainError('request.invalid', { errors: keys.map((key) => unknownField('', key)) });
}
