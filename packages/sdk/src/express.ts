import { type Checked, createCheck, headerOf, type ProtectOptions, type Requirement } from './protect.ts';
import type { AllowedAnswer, Verifier } from './verifier.ts';

/** What is used of a request of Express 4 or 5. */
export interface ExpressRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Follows the app's `trust proxy`. */
  readonly ip?: string | undefined;
  postern?: AllowedAnswer | undefined;
}

export interface ExpressResponse {
  readonly headersSent: boolean;
  status(code: number): unknown;
  set(name: string, value: string): unknown;
  end(body: string): unknown;
}

declare global {
  // biome-ignore lint/style/noNamespace: this is where Express has what a request may carry
  namespace Express {
    interface Request {
      /** Who calls; there behind `protect`. */
      postern?: AllowedAnswer | undefined;
    }
  }
}

/**
 * Middleware that lets pass whoever holds the permission, and leaves who that is in `req.postern`. Answers 401, 403 and
 * 503 as problem documents.
 */
export function protect<Request extends ExpressRequest = ExpressRequest>(
  verifier: Verifier,
  requirement: Requirement,
  options?: ProtectOptions<Request>,
): (request: Request, response: ExpressResponse, next: (error?: unknown) => void) => void {
  const check = createCheck(verifier, requirement, options);
  return (request, response, next) => {
    const facts = {
      authorization: headerOf(request.headers, 'authorization'),
      clientAddress: request.ip,
      userAgent: headerOf(request.headers, 'user-agent'),
    };
    const settle = (checked: Checked): void => {
      if ('caller' in checked) {
        request.postern = checked.caller;
        next();
        return;
      }
      // Somebody else, like a middleware that limits time, has answered meanwhile.
      if (response.headersSent) return;
      const { status, headers, body } = checked.refusal;
      response.status(status);
      for (const [name, value] of Object.entries(headers)) response.set(name, value);
      response.end(body);
    };
    check(request, facts).then(settle).catch(next);
  };
}
