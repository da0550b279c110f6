import { isUtf8 } from 'node:buffer';
import { DomainError } from '@postern/core';
import type { FastifyInstance } from 'fastify';

/** How bodies are read. A body is UTF-8 or it is nothing. */

export const BODY_LIMIT_BYTES = 65_536;

/** JSON is the only type that is read; keys that would reach into a prototype are refused. */
export function readJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) done(null, undefined);
    else if (isUtf8(body)) parseJson(request, body.toString('utf8'), done);
    else done(new DomainError('request.malformed'));
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
