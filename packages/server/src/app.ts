import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { createIdSource, DomainError, TOKEN_PATTERN } from '@postern/core';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { accessRoutes } from './access.ts';
import { accessPreviewRoutes } from './access-preview.ts';
import { auditEventRoutes } from './audit-event.ts';
import { changeRoutes } from './change.ts';
import { changeStreamRoute } from './change-stream.ts';
import { serveConsole, wantsPage } from './console.ts';
import { BODY_LIMIT_BYTES, readForms, readJson } from './content.ts';
import { readDecisiveHeaders } from './credential.ts';
import { exchangeOfNode, type Lane } from './exchange.ts';
import { forwardAuthRoutes } from './forward-auth.ts';
import { groupRoutes } from './group.ts';
import { groupMemberRoutes } from './group-member.ts';
import { healthRoutes } from './health.ts';
import { createHotLane } from './hot-lane.ts';
import { invitationRoutes } from './invitation.ts';
import { meRoutes } from './me.ts';
import { meAdminRoutes } from './me-admin.ts';
import { meSessionRoutes } from './me-session.ts';
import { meSignInRoutes } from './me-sign-in.ts';
import { meTokenRoutes } from './me-token.ts';
import { meTokenPolicyRoutes } from './me-token-policy.ts';
import { memberRoutes } from './member.ts';
import { metadataRoutes } from './metadata.ts';
import { nodeRoutes } from './node.ts';
import { oauthRoutes } from './oauth.ts';
import { toOAuthError } from './oauth-error.ts';
import { describeRoutes, NAMED_SCHEMAS, openapiRoute } from './openapi.ts';
import { organizationRoutes } from './organization.ts';
import { permissionRoutes } from './permission.ts';
import { keepPlainConnections } from './plain-connection.ts';
import { HEADERS_LIMIT_BYTES } from './plain-request.ts';
import { type ProblemAnswer, toDomainError, toProblem } from './problem.ts';
import { quarantineRoutes } from './quarantine.ts';
import { roleRoutes } from './role.ts';
import { collectMethods } from './route-table.ts';
import type { Server } from './server.ts';
import { serviceAccountRoutes } from './service-account.ts';
import { setupRoutes } from './setup.ts';
import { mountSignIn } from './sign-in/mount.ts';
import { signInOptionRoutes } from './sign-in-option.ts';
import { answerAtSocket, answerClientError } from './socket.ts';
import { tokenRoutes } from './token.ts';
import { tokenLeakRoutes } from './token-leak.ts';
import { tokenListRoutes } from './token-list.ts';
import { tokenRefreshRoutes } from './token-refresh.ts';
import { tokenRevokeRoutes } from './token-revoke.ts';
import { tokenUseRoutes } from './token-use.ts';
import { usageReportRoutes } from './usage-report.ts';
import { createValidators } from './validate.ts';
import { verifyRoutes } from './verify.ts';
import { workspaceRoutes } from './workspace.ts';
import { workspaceMemberRoutes } from './workspace-member.ts';

export interface AppOptions {
  /** How long headers, and a whole request, may take to arrive. */
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Where the web console was built to; absent = none is served. */
  readonly consoleDirectory?: string | undefined;
  /** How often a stream asks again whether its caller may. */
  readonly streamCheckMs?: number;
  readonly streamsMax?: number;
}

const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;
const TIMEOUT_CHECK_MS = 1_000;
const KEEP_ALIVE_MS = 65_000;

/**
 * The front door as a Fastify app, not listening yet: `inject` talks to it in process, `listen` opens a port. Hooks may be
 * added until it is ready.
 */
export async function buildApp(server: Server, options: AppOptions = {}): Promise<FastifyInstance> {
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const checkEveryMs = Math.min(TIMEOUT_CHECK_MS, headersTimeoutMs, requestTimeoutMs);
  const newRequestId = createIdSource('request', { now: () => server.storage.now() }, (size) => server.random(size));

  const refuse = (error: { readonly code?: string }, socket: Socket): void =>
    answerClientError(server, newRequestId(), error, socket);

  const app = Fastify({
    logger: false,
    genReqId: newRequestId,
    requestIdHeader: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    http: {
      maxHeaderSize: HEADERS_LIMIT_BYTES,
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: checkEveryMs,
      // Node would answer a missing Host itself, without a problem document.
      requireHostHeader: false,
    },
    clientErrorHandler: refuse,
    frameworkErrors: (error, request, reply) => {
      prepare(server, request, reply);
      sendProblem(reply, toProblem(remember(request, error), request.id));
      server.log.request(request, reply);
    },
  });
  answerAtSocket(app, server, newRequestId);

  for (const field of ['decisive', 'caller', 'stamp', 'failure', 'refusal'] as const) app.decorateRequest(field, null);
  app.decorate('hotRoutes', []);
  app.decorate('plainConnections', null);
  app.decorateRequest('startedAt', 0);
  app.decorateRequest('pattern', '');
  app.decorateRequest('address', '');

  const validators = createValidators(NAMED_SCHEMAS);
  app.setValidatorCompiler(({ schema, httpPart }) => {
    if (httpPart !== 'body' && httpPart !== 'querystring') return () => true;
    const validate = httpPart === 'body' ? validators.body(schema) : validators.query(schema);
    return (data: unknown) => {
      const error = validate(data);
      return error ? { error } : true;
    };
  });
  // Answers are documented by their schemas, and written without them.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, request, reply) => {
    sendProblem(reply, toProblem(remember(request, error), request.id));
  });
  const parseJson = readJson(app);

  const methodsAt = collectMethods(app);
  app.addHook('onRequest', (request, reply, done) => {
    prepare(server, request, reply);
    if (!request.is404) {
      done(refuseAtDoor(request));
      return;
    }
    if (options.consoleDirectory !== undefined && wantsPage(request)) {
      done(refuseAtDoor(request));
      return;
    }
    const methods = methodsAt(request.url);
    if (methods.length > 0) reply.header('allow', methods.join(', '));
    done(
      refuseAtDoor(request) ?? new DomainError(methods.length > 0 ? 'request.method_not_allowed' : 'route.not_found'),
    );
  });
  // Where an answer is sent, not where it has left: waiting for that costs as much as all the rest of the log.
  app.addHook('onSend', (request, reply, payload, done) => {
    server.log.request(request, reply);
    done(null, payload);
  });

  await describeRoutes(app);
  meRoutes(app, server);
  meSessionRoutes(app, server);
  meSignInRoutes(app, server);
  meAdminRoutes(app, server);
  meTokenPolicyRoutes(app, server);
  meTokenRoutes(app, server);
  memberRoutes(app, server);
  invitationRoutes(app, server);
  setupRoutes(app, server);
  mountSignIn(app, server);
  signInOptionRoutes(app, server);
  serviceAccountRoutes(app, server);
  tokenRoutes(app, server);
  tokenRefreshRoutes(app, server);
  tokenUseRoutes(app, server);
  tokenListRoutes(app, server);
  tokenRevokeRoutes(app, server);
  tokenLeakRoutes(app, server);
  groupRoutes(app, server);
  groupMemberRoutes(app, server);
  workspaceRoutes(app, server);
  workspaceMemberRoutes(app, server);
  roleRoutes(app, server);
  permissionRoutes(app, server);
  nodeRoutes(app, server);
  accessRoutes(app, server);
  accessPreviewRoutes(app, server);
  organizationRoutes(app, server);
  quarantineRoutes(app, server);
  auditEventRoutes(app, server, options.streamCheckMs);
  verifyRoutes(app, server);
  usageReportRoutes(app, server);
  changeRoutes(app, server);
  changeStreamRoute(app, server, options.streamCheckMs, options.streamsMax);
  metadataRoutes(app, server);
  const forwardAuthLane = forwardAuthRoutes(app, server, newRequestId);
  healthRoutes(app, server);
  openapiRoute(app);
  app.register(async (scope) => {
    readForms(scope);
    // The schemas are for the document: forms are read by hand, and unknown parameters ignored (RFC 6749 section 3.2).
    scope.setValidatorCompiler(() => () => true);
    scope.setErrorHandler((error, request, reply) => {
      const basic = !/^bearer /i.test(request.headers.authorization ?? '');
      sendProblem(reply, toOAuthError(remember(request, error), basic));
    });
    oauthRoutes(scope, server);
  });
  if (options.consoleDirectory !== undefined) await serveConsole(app, server, options.consoleDirectory);
  app.addHook('onReady', async () => {
    const lane = createHotLane(server, { routes: app.hotRoutes, newRequestId, parseJson, validate: validators.body });
    const lanes = [lane, forwardAuthLane];
    openLanes(app, lanes);
    const times = { headersTimeoutMs, requestTimeoutMs, keepAliveMs: KEEP_ALIVE_MS, checkEveryMs };
    app.plainConnections = keepPlainConnections(app.server, { lanes, refuse, ...times });
  });
  app.addHook('preClose', (done) => {
    app.plainConnections?.endAfterAnswers();
    app.plainConnections?.closeIdle();
    done();
  });
  return app;
}

/** Requests that no lane takes go on to the framework. */
function openLanes(app: FastifyInstance, lanes: readonly Lane[]): void {
  const others = app.server.listeners('request') as RequestListener[];
  app.server.removeAllListeners('request');
  app.server.on('request', (request, response) => {
    const exchange = exchangeOfNode(request, response);
    if (lanes.some((lane) => lane(exchange))) return;
    for (const other of others) other.call(app.server, request, response);
  });
}

/** What every request has from the start, whatever becomes of it. */
function prepare(server: Server, request: FastifyRequest, reply: FastifyReply): void {
  request.startedAt = performance.now();
  request.address = server.clientAddress(request.raw);
  request.decisive = readDecisiveHeaders(request.raw.rawHeaders);
  reply.header('x-request-id', request.id);
  reply.header('cache-control', 'no-store');
}

/** What no request may be, whatever it asks for. */
function refuseAtDoor(request: FastifyRequest): DomainError | undefined {
  const hosts = request.decisive?.hosts ?? 0;
  // RFC 9112 section 3.2.
  if (hosts > 1 || (hosts === 0 && request.raw.httpVersion === '1.1')) return new DomainError('request.malformed');
  return holdsToken(request.url) ? new DomainError('request.credentials_misplaced') : undefined;
}

function holdsToken(url: string): boolean {
  if (url.includes('pst_') && TOKEN_PATTERN.test(url)) return true;
  if (!url.includes('%')) return false;
  try {
    return TOKEN_PATTERN.test(decodeURIComponent(url));
  } catch {
    return false;
  }
}

/** The error as callers hear of it, kept for the log. */
function remember(request: FastifyRequest, error: unknown): DomainError {
  const domainError = toDomainError(error);
  request.failure = { code: domainError.code, internal: domainError.facts.internal };
  return domainError;
}

function sendProblem(reply: FastifyReply, { status, contentType, headers, body }: ProblemAnswer): void {
  reply.code(status).headers(headers).header('content-type', contentType).send(body);
}
