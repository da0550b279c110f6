import { DomainError } from '@postern/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SIGN_IN_PATH } from './address.ts';
import { SIGN_IN_ROUTES } from './route.ts';
import type { SignIn } from './sign-in.ts';

/** Declares the routes of sign-in, and no others below SIGN_IN_PATH. What is refused is the app's to answer. */
export function mountSignIn(
  app: FastifyInstance,
  server: { readonly signIn: () => Promise<SignIn | null>; readonly issuer: () => string },
): void {
  for (const { method, path } of SIGN_IN_ROUTES) {
    const url = `${SIGN_IN_PATH}${path}`;
    app.route({
      method,
      url,
      schema: { hide: true } as object,
      onRequest: (request, _reply, done) => {
        request.pattern = url;
        done();
      },
      async handler(request, reply) {
        const caller = { address: request.address, requestId: request.id };
        const signIn = await server.signIn();
        if (!signIn) throw new DomainError('route.not_found');
        return send(reply, await signIn.handle(toRequest(request, server.issuer()), caller));
      },
    });
  }
}

function toRequest({ method, url, headers, body }: FastifyRequest, publicUrl: string): Request {
  const kept = new Headers();
  for (const name of ['cookie', 'origin', 'content-type', 'user-agent'] as const) {
    const value = headers[name];
    if (value !== undefined) kept.set(name, value);
  }
  const target = `${publicUrl}${url}`;
  if (method === 'GET') return new Request(target, { headers: kept });
  return new Request(target, { method, headers: kept, body: JSON.stringify(body ?? {}) });
}

async function send(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  reply.code(response.status);
  for (const [name, value] of response.headers) if (name !== 'set-cookie') reply.header(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) reply.header('set-cookie', cookies);
  const text = await response.text();
  return text === '' ? reply.send() : reply.send(text);
}
