import { isUtf8 } from 'node:buffer';
import { DomainError } from '@postern/core';
import type { FastifyInstance } from 'fastify';

/** How bodies are read. A body is UTF-8 or it is nothing. */

export const BODY_LIMIT_BYTES = 65_536;
export const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Ways to write a key that reaches into a prototype, an escaped one included; a byte order mark needs care, too. */
const SUSPECT = ['__proto__', 'constructor', '\\u', '\ufeff'];

/** JSON is the only type that is read; keys that would reach into a prototype are refused. */
export function readJson(app: FastifyInstance): (text: string) => unknown {
  const parseCarefully = app.getDefaultJsonParser('error', 'error');

  function parse(text: string): unknown {
    if (text === '') return undefined;
    // The careful parser costs several times as much, and is needed only where such a key could be written.
    return SUSPECT.some((part) => text.includes(part)) ? careful(text) : plain(text);
  }

  function careful(text: string): unknown {
    let result: { readonly error: Error | null; readonly value: unknown } | undefined;
    // It answers before it returns, and does not look at the request.
    parseCarefully(undefined as never, text, (error, value) => {
      result = { error, value };
    });
    if (!result || result.error) throw new DomainError('request.malformed');
    return result.value;
  }

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    settle(() => parse(readText(body)), done);
  });
  return parse;
}

function plain(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DomainError('request.malformed');
  }
}

/** Text as a form (the WHATWG's `application/x-www-form-urlencoded`). */
export function parseForm(text: string): URLSearchParams {
  return new URLSearchParams(text);
}

/** The body as text. Throws `request.malformed` where it is not UTF-8. */
export function readText(body: Buffer): string {
  if (!isUtf8(body)) throw new DomainError('request.malformed');
  return body.toString('utf8');
}

/** Forms are the only type that is read. */
export function readForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(FORM_TYPE, { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    settle(() => parseForm(readText(body)), done);
  });
}

function settle(parse: () => unknown, done: (error: Error | null, body?: unknown) => void): void {
  let body: unknown;
  try {
    body = parse();
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, body);
}
