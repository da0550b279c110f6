import { STATUS_CODES } from 'node:http';

/** How an answer looks on a connection that Node's own writer does not see; the same bytes, in the same order. */

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bodyBytes: number;
  readonly closes: boolean;
  /** How long the connection is kept for the next request. */
  readonly keepAliveSeconds: number;
}

/** Head and body as one text (RFC 9112 section 4). Throws where a header's value could be taken for another header. */
export function writePlainAnswer(answer: PlainAnswer): string {
  const { status, headers, body, bodyBytes, closes, keepAliveSeconds } = answer;
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (const name in headers) {
    const value = headers[name] as string;
    if (NOT_IN_A_VALUE.test(value)) throw new TypeError(`the header ${name} would hold characters that it must not`);
    text += `${name}: ${value}\r\n`;
  }
  const connection = closes ? 'close' : `keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}`;
  return `${text}content-length: ${bodyBytes}\r\nDate: ${dateNow()}\r\nConnection: ${connection}\r\n\r\n${body}`;
}

/** RFC 9110 section 5.5. */
const NOT_IN_A_VALUE = /[^\t -~]/;

let dateSecond = 0;
let date = '';

/** The time as HTTP writes it (RFC 9110 section 5.6.7), which changes once a second. */
function dateNow(): string {
  const second = Math.trunc(Date.now() / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(second * 1_000).toUTCString();
  }
  return date;
}
