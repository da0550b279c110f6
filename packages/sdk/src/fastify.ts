import { createCheck, headerOf, type ProtectOptions, type Requirement } from './protect.ts';
import type { AllowedAnswer, Verifier } from './verifier.ts';

/** What is used of a request of Fastify 4 or 5. */
export interface FastifyRequestPart {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Follows the app's `trustProxy`. */
  readonly ip: string;
}

export interface FastifyReplyPart {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
}

/** What the plugin adds to a request; say so in the app: `declare module 'fastify' { interface FastifyRequest extends PosternRequest {} }`. */
export interface PosternRequest {
  /** Who calls; null before `protect` let the request pass. */
  postern: AllowedAnswer | null;
}

/** What the plugin adds to the app: `declare module 'fastify' { interface FastifyInstance extends PosternApp {} }`. */
export interface PosternApp {
  protect: <Request extends FastifyRequestPart>(
    requirement: Requirement,
    options?: ProtectOptions<Request>,
  ) => PreHandler;
}

export type PreHandler = (request: FastifyRequestPart, reply: FastifyReplyPart) => Promise<unknown>;

interface AppPart {
  decorate(name: string, value: unknown): unknown;
  decorateRequest(name: string, value: null): unknown;
}

/** A `preHandler` that lets pass whoever holds the permission. Answers 401, 403 and 503 as problem documents. */
export function protect<Request extends FastifyRequestPart>(
  verifier: Verifier,
  requirement: Requirement,
  options?: ProtectOptions<Request>,
): PreHandler {
  const check = createCheck(verifier, requirement, options);
  return async (request, reply) => {
    const checked = await check(request as Request, {
      authorization: headerOf(request.headers, 'authorization'),
      clientAddress: request.ip,
      userAgent: headerOf(request.headers, 'user-agent'),
    });
    if ('caller' in checked) {
      (request as Partial<PosternRequest>).postern = checked.caller;
      return undefined;
    }
    const { status, headers, body } = checked.refusal;
    reply.code(status);
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    return reply.send(body);
  };
}

/** Registered on an app, gives it `app.protect(permission)`, and each request `request.postern`. */
export const posternPlugin = Object.assign(
  async (app: AppPart, { verifier }: { readonly verifier: Verifier }): Promise<void> => {
    app.decorateRequest('postern', null);
    app.decorate('protect', (requirement: Requirement, options?: ProtectOptions<FastifyRequestPart>) =>
      protect(verifier, requirement, options),
    );
  },
  // So that what it adds is there for the whole app, not for the plugin's own scope: what fastify-plugin does.
  { [Symbol.for('skip-override')]: true },
);
