import { isUtf8 } from 'node:buffer';
import { DomainError } from '@postern/core';
import type { FastifyInstance } from 'fastify';

/** How bodies are read. A body is UTF-8 or it is nothing. */

export const BODY_LIMIT_BYTES = 65_536;

/** Ways to write a key that reaches into a prototype, an escaped one included; a byte order mark needs care, too. */
const SUSPECT = ['__proto__', 'constructor', '\\u', '\ufeff'];

/** JSON is the only type that is read; keys that would reach into a prototype are refused. */
export function readJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null, undefined);
    if (!isUtf8(body)) return done(new DomainError('request.malformed'));
    const text = body.toString('utf8');
    // The careful parser costs several times as much, and is needed only where such a key could be written.
    if (SUSPECT.some((part) => text.includes(part))) return parseJson(request, text, done);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return done(new DomainError('request.malformed'));
    }
    return done(null, parsed);
  });
}

/** Forms are the only type that is read. */
export function readForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    (_request, body: Buffer, done) => {
      if (isUtf8(body)) done(null, new URLSearchParams(body.toString('utf8')));
      else done(new DomainError('request.malformed'));
    },
  );
}
