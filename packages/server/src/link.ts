import { DomainError, type LinkValue, parseLinkValue, type RequestFacts } from '@postern/core';
import type { FastifyRequest } from 'fastify';
import { readUserAgent } from './client.ts';
import type { Server } from './server.ts';
import { requireOwnOrigin } from './session.ts';
import { SIGN_IN_PATH } from './sign-in/address.ts';

/** What routes share that whoever holds a link may call. */

type LinkError = 'invitation.invalid' | 'setup.link_invalid';

/** Runs what needs a good link. Guesses are counted with all other bad credentials of the address. */
export async function withLink<Value>(
  server: Pick<Server, 'throttle'>,
  request: FastifyRequest,
  { text, error: code }: { readonly text: string; readonly error: LinkError },
  work: (value: LinkValue) => Promise<Value>,
): Promise<Value> {
  try {
    const value = parseLinkValue(text);
    if (!value) throw new DomainError(code);
    return await work(value);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== code) throw error;
    const retryAfterSeconds = server.throttle.noteFailure(request.address);
    throw retryAfterSeconds === undefined ? error : new DomainError('rate.limited', { retryAfterSeconds });
  }
}

export function requestFacts({ id, address, headers }: FastifyRequest): RequestFacts {
  return { requestId: id, address, userAgent: readUserAgent(headers['user-agent']) };
}

/** Pages send their origin always: one of another site must not sign its visitors in. Throws `origin.foreign`. */
export function requireNoForeignPage(server: Pick<Server, 'issuer'>, { headers }: FastifyRequest): void {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
    requireOwnOrigin(headers, server.issuer());
}

/**
 * Signs in who has just come in by a link: the cookies of a session. None where that fails, since the person is in already
 * and can sign in with the password.
 */
export async function openSession(
  server: Pick<Server, 'signIn' | 'issuer' | 'log'>,
  request: FastifyRequest,
  person: { readonly email: string; readonly password: string },
): Promise<{ readonly signedIn: boolean; readonly cookies: readonly string[] }> {
  try {
    const signIn = await server.signIn();
    const userAgent = request.headers['user-agent'];
    const asked = new Request(`${server.issuer()}${SIGN_IN_PATH}/sign-in/email`, {
      method: 'POST',
      headers: {
        origin: server.issuer(),
        'content-type': 'application/json',
        ...(userAgent !== undefined && { 'user-agent': userAgent }),
      },
      body: JSON.stringify(person),
    });
    const answer = await signIn?.handle(asked, { address: request.address, requestId: request.id });
    const cookies = answer?.headers.getSetCookie() ?? [];
    return { signedIn: cookies.length > 0, cookies };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    server.log.logger.warn({ internal: error.facts.internal ?? error.code }, 'who came in by a link is not signed in');
    return { signedIn: false, cookies: [] };
  }
}
