import { createCheck, type ProtectOptions, type Requirement } from './protect.ts';
import type { AllowedAnswer, Verifier } from './verifier.ts';

/**
 * A handler of Web requests (a Next route handler, a worker, `Deno.serve`) that is called only for whoever holds the
 * permission, with who that is as its second argument; what the platform passes besides the request comes after it.
 * Answers 401, 403 and 503 as problem documents.
 */
export function withPostern<Rest extends unknown[]>(
  verifier: Verifier,
  requirement: Requirement,
  handler: (request: Request, caller: AllowedAnswer, ...rest: Rest) => Response | Promise<Response>,
  options?: ProtectOptions<Request>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const check = createCheck(verifier, requirement, options);
  return async (request, ...rest) => {
    const checked = await check(request, {
      authorization: request.headers.get('authorization') ?? undefined,
      clientAddress: undefined,
      userAgent: request.headers.get('user-agent') ?? undefined,
    });
    if ('caller' in checked) return handler(request, checked.caller, ...rest);
    const { status, headers, body } = checked.refusal;
    return new Response(body, { status, headers });
  };
}
