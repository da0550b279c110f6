import { connect } from 'node:net';

/** An answer, read from the socket by hand. */
export interface RawAnswer {
  /** 0 when the server hung up without a word. */
  readonly status: number;
  /** Each as often as it came, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly text: string;
}

const DEADLINE_MS = 15_000;

/**
 * Sends these very bytes over a connection of its own and reads what comes back until the server closes it: the request
 * should say `Connection: close`. No client in between makes a request well-formed that is not.
 */
export function sendRaw(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  return converse(url, parts, false);
}

/** The same, and says that nothing more will come: for what may not be a whole request. */
export function sendRawAndEnd(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  return converse(url, parts, true);
}

function converse(url: string, parts: readonly (string | Uint8Array)[], end: boolean): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const received: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer within ${DEADLINE_MS} ms; so far: ${Buffer.concat(received)}`));
    }, DEADLINE_MS);
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(parseAnswer(Buffer.concat(received)));
    });
    // A server may answer and hang up while it is still being sent to.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return;
      clearTimeout(timer);
      reject(error);
    });
    socket.on('connect', () => {
      // In one piece: what arrives after a server has answered and closed can cost the answer itself (RFC 9112 section 9.6).
      const bytes = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
      if (end) socket.end(bytes);
      else socket.write(bytes);
    });
  });
}

export function headerOf(answer: RawAnswer, name: string): string | undefined {
  return answer.headers.find(([found]) => found === name)?.[1];
}

function parseAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return { status: 0, headers: [], text: bytes.toString('utf8') };
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const rest = bytes.subarray(end + 4);
  const isChunked = headers.some(([name, value]) => name === 'transfer-encoding' && value === 'chunked');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    text: (isChunked ? dechunk(rest) : rest).toString('utf8'),
  };
}

function dechunk(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.subarray(0, end).toString('latin1'), 16);
    if (!(size > 0)) return Buffer.concat(chunks);
    chunks.push(rest.subarray(end + 2, end + 2 + size));
    rest = rest.subarray(end + 2 + size + 2);
  }
}
