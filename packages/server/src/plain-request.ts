import { isAscii, isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { BODY_LIMIT_BYTES } from './content.ts';

/**
 * The strict reader of plain requests: HTTP/1.1 (RFC 9112) as nearly all clients write it, and nothing of what readers
 * of HTTP have ever understood differently. What is not plain is not refused here, it is left to Node's own reader.
 */
export interface PlainRequest {
  readonly method: string;
  readonly url: string;
  /** Each came once; names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** null: there is none. */
  readonly body: string | null;
  /** Whether the client wants the connection closed after the answer. */
  readonly closes: boolean;
}

/** The head is plain, and more of the body is to come. */
export const MORE = 'more';

export const HEADERS_LIMIT_BYTES = 8_192;

/**
 * One whole request and nothing after it; `MORE` while some of its body is missing; undefined for everything that is not
 * plain: another version or line end, anything but printable ASCII in the head, a folded header, a header that comes twice,
 * a coding, an expectation, an upgrade, an option of the connection other than to keep or to close it, a length that is no
 * plain number, more bytes than one request has, a body that is not UTF-8.
 */
export function readPlainRequest(bytes: Buffer): PlainRequest | typeof MORE | undefined {
  const text = bytes.toString('latin1', 0, HEADERS_LIMIT_BYTES);
  const end = text.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const line = text.indexOf('\r\n');
  const afterMethod = text.indexOf(' ');
  const afterUrl = line - VERSION.length;
  if (!PLAIN_HEAD.test(text.slice(0, end))) return undefined;
  const headers = readHeaders(bytes, text, line, end);
  if (!headers) return undefined;
  for (const name of NOT_PLAIN) if (headers[name] !== undefined) return undefined;
  const closes = readConnection(headers.connection);
  const length = readLength(headers['content-length']);
  if (closes === undefined || length === undefined) return undefined;
  const start = end + HEAD_END.length;
  if (bytes.length < start + length) return MORE;
  if (bytes.length > start + length) return undefined;
  const body = length === 0 ? null : readBody(bytes, start, text);
  if (body === undefined) return undefined;
  return { method: text.slice(0, afterMethod), url: text.slice(afterMethod + 1, afterUrl), headers, body, closes };
}

const HEAD_END = '\r\n\r\n';
const VERSION = ' HTTP/1.1';

/** RFC 9112 section 3 and RFC 9110 sections 5.1 and 5.5, without the bytes from 128 on; one way to match, so one pass. */
const PLAIN_HEAD = /^[A-Z]+ [!-~]+ HTTP\/1\.1(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*)+$/;
/** Node's reader takes `Proxy-Connection` for `Connection`. */
const NOT_PLAIN = ['transfer-encoding', 'expect', 'upgrade', 'proxy-connection'] as const;
const LENGTH = /^(?:0|[1-9]\d{0,5})$/;

/** Undefined where one comes twice, or is called like something that every object has. */
function readHeaders(
  bytes: Buffer,
  text: string,
  requestLineEnd: number,
  headEnd: number,
): IncomingHttpHeaders | undefined {
  const headers: IncomingHttpHeaders = {};
  for (let at = requestLineEnd; at < headEnd; ) {
    const start = at + 2;
    const colon = text.indexOf(':', start);
    at = text.indexOf('\r\n', colon);
    const written = text.slice(start, colon);
    const name = LOWER[written] ?? written.toLowerCase();
    if (headers[name] !== undefined) return undefined;
    headers[name] = REMEMBERED.has(name)
      ? bytes.toString('latin1', colon + 1, at).trim()
      : withoutSpace(text, colon + 1, at);
  }
  return headers;
}

/**
 * Parts of these outlive their request: in usage, in the throttle, in traces. As a piece of the whole text, each would keep
 * all of that in memory, the credential in it included: so they are read once more.
 */
const REMEMBERED: ReadonlySet<string> = new Set(['user-agent', 'x-forwarded-for', 'traceparent']);

/** RFC 9110 section 5.6.3. */
function withoutSpace(text: string, start: number, end: number): string {
  let [from, to] = [start, end];
  while (from < to && isSpace(text.charCodeAt(from))) from += 1;
  while (from < to && isSpace(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Names as most clients write them; to make letters small costs more than to look them up. */
const LOWER: Readonly<Record<string, string>> = Object.assign(
  Object.create(null),
  Object.fromEntries(
    ['Host', 'User-Agent', 'Accept', 'Accept-Encoding', 'Authorization', 'Content-Type', 'Content-Length', 'Connection']
      .flatMap((name) => [name, name.toLowerCase()])
      .map((name) => [name, name.toLowerCase()]),
  ),
);

function readConnection(value: string | undefined): boolean | undefined {
  if (value === undefined) return false;
  const lower = value.toLowerCase();
  if (lower === 'keep-alive') return false;
  return lower === 'close' ? true : undefined;
}

function readLength(value: string | undefined): number | undefined {
  if (value === undefined) return 0;
  const length = LENGTH.test(value) ? Number(value) : Number.NaN;
  return length <= BODY_LIMIT_BYTES ? length : undefined;
}

/** Undefined where it is not UTF-8. What has been read as one byte a character is not read again. */
function readBody(bytes: Buffer, start: number, text: string): string | undefined {
  if (text.length === bytes.length && isAscii(bytes)) return text.slice(start);
  const body = bytes.subarray(start);
  return isUtf8(body) ? body.toString('utf8') : undefined;
}
