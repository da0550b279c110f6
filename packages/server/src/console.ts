import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import staticFiles from '@fastify/static';
import { DomainError } from '@postern/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Server } from './server.ts';

/** The web console: one page for all its addresses, and the files that it is made of. */

/** Below this path lie files whose names change with their content. */
const ASSETS_PATH = '/assets/';
/** Programs call below these; nobody finds a page there. */
const PROGRAM_PATHS = ['/api/', '/oauth2/', '/.well-known/', ASSETS_PATH];
/** Stands in the built page where the nonce of each answer goes. */
const NONCE_PLACE = 'STYLE_NONCE';
const NONCE_BYTES = 16;
const YEAR_MS = 365 * 86_400_000;

/**
 * Whether a browser asks for a page at an address that is no route of the API. Only then is the console answered: a program
 * that mistypes a path must hear of it.
 */
export function wantsPage({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return accepts(headers.accept) && !PROGRAM_PATHS.some((path) => url.startsWith(path));
}

function accepts(header: string | undefined): boolean {
  return header?.includes('text/html') ?? false;
}

/** Serves the console that was built into `directory`. Rejects when there is none. */
export async function serveConsole(app: FastifyInstance, server: Server, directory: string): Promise<void> {
  const page = await readFile(join(directory, 'index.html'), 'utf8');
  await app.register(staticFiles, {
    root: join(directory, 'assets'),
    prefix: ASSETS_PATH,
    index: false,
    preCompressed: true,
    cacheControl: false,
    // What is not there is answered as everywhere: with a problem document.
    wildcard: false,
    setHeaders(reply) {
      reply.header('cache-control', `public, max-age=${YEAR_MS / 1_000}, immutable`);
      reply.header('x-content-type-options', 'nosniff');
    },
  });
  app.setNotFoundHandler((request, reply) => {
    // A file that went away while the server runs.
    if (!wantsPage(request)) throw new DomainError('route.not_found');
    return sendPage(server, reply, page);
  });
}

function sendPage(server: Server, reply: FastifyReply, page: string): FastifyReply {
  const nonce = Buffer.from(server.random(NONCE_BYTES)).toString('base64');
  return reply
    .code(200)
    .headers({ ...PAGE_HEADERS, 'content-security-policy': contentSecurityPolicy(nonce) })
    .type('text/html; charset=utf-8')
    .send(page.replaceAll(NONCE_PLACE, nonce));
}

const PAGE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
};

/** Content Security Policy Level 3: everything is our own, and only the styles that our own script adds need the nonce. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
