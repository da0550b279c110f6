import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What the same requests cost without Postern: a bare `node:http` server that reads and parses the body and answers with
 * JSON of the same size and headers of the same number. It decides nothing.
 */
export interface BareAnswer {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is written as JSON for each answer; absent = nothing. */
  readonly body?: unknown;
}

const answers = JSON.parse(process.env['BENCH_ANSWERS'] ?? '[]') as readonly BareAnswer[];
const answerAt = new Map(answers.map((answer) => [answer.path, answer]));

function respond(request: IncomingMessage, response: ServerResponse, text: string): void {
  const parsed = parse(request.headers['content-type'], text);
  const answer = answerAt.get(request.url ?? '');
  if (!answer || parsed === null) {
    response.writeHead(404).end();
    return;
  }
  const body = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(200, { ...answer.headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

function parse(type: string | undefined, text: string): unknown {
  if (text === '') return undefined;
  return type === 'application/json' ? JSON.parse(text) : new URLSearchParams(text).get('token');
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    respond(request, response, '');
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => respond(request, response, Buffer.concat(chunks).toString('utf8')));
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
// It ends with whoever started it.
process.stdin.resume().once('end', () => process.exit(0));
