import { admitSession, type Caller, DomainError, type SessionRecord } from '@postern/core';
import { readUserAgent } from './client.ts';
import type { Server } from './server.ts';

/** Callers who have signed in: the console, and whoever uses it. */

/** What of a request says which session it belongs to, and where it comes from. */
export interface SessionRequest {
  readonly id: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly address: string;
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Whose session it is, read from the database each time: a person who was removed is nobody from then on. What changes
 * something must come from a page of this server. Throws `session.invalid`, `origin.foreign`.
 */
export async function findSessionCaller(server: Server, request: SessionRequest): Promise<Caller> {
  const { headers } = request;
  if (!SAFE_METHODS.has(request.method)) requireOwnOrigin(headers, server.issuer());
  const signIn = await server.signIn();
  const session = await signIn?.findSession(new Headers({ cookie: String(headers['cookie'] ?? '') }));
  const member = session && (await server.storage.findMemberOfUser(session.userId));
  if (!session || !member) throw new DomainError('session.invalid');
  const record: SessionRecord = {
    ...member,
    session: { id: session.sessionId, signedInAt: session.signedInAt },
    token: null,
  };
  const admitted = admitSession(record);
  if (!admitted) throw new DomainError('session.invalid');
  const userAgent = readUserAgent(headers['user-agent'] as string | undefined);
  return { record: admitted, request: { requestId: request.id, address: request.address, userAgent } };
}

/** Browsers say where a page that calls comes from, and a page cannot say otherwise (Fetch Metadata, RFC 6454). */
export function requireOwnOrigin(headers: SessionRequest['headers'], publicUrl: string): void {
  const { origin, 'sec-fetch-site': site } = headers;
  if (origin !== publicUrl || (site !== undefined && site !== 'same-origin')) throw new DomainError('origin.foreign');
}
