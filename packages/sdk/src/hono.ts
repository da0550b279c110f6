import { createCheck, type ProtectOptions, type Requirement } from './protect.ts';
import type { AllowedAnswer, Verifier } from './verifier.ts';

/** What is used of a context of Hono 4. */
export interface HonoContext {
  readonly req: { header(name: string): string | undefined };
  set(key: 'postern', caller: AllowedAnswer): void;
}

/** `new Hono<{ Variables: PosternVariables }>()` knows who calls: `c.var.postern`. */
export interface PosternVariables {
  postern: AllowedAnswer;
}

/**
 * Middleware that lets pass whoever holds the permission. Hono does not know where a request came from: where tokens are
 * restricted to networks, say it with `clientAddress`. Answers 401, 403 and 503 as problem documents.
 */
export function protect<Context extends HonoContext>(
  verifier: Verifier,
  requirement: Requirement,
  options?: ProtectOptions<Context>,
): (context: Context, next: () => Promise<void>) => Promise<Response | undefined> {
  const check = createCheck(verifier, requirement, options);
  return async (context, next) => {
    const checked = await check(context, {
      authorization: context.req.header('authorization'),
      clientAddress: undefined,
      userAgent: context.req.header('user-agent'),
    });
    if ('refusal' in checked) {
      const { status, headers, body } = checked.refusal;
      return new Response(body, { status, headers });
    }
    context.set('postern', checked.caller);
    await next();
    return undefined;
  };
}
