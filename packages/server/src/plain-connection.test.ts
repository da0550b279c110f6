import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../test/api.ts';
import type { Exchange, Lane } from './exchange.ts';
import { keepPlainConnections, type PlainConnectionOptions, type PlainConnections } from './plain-connection.ts';

/** Node's server answers whatever no lane takes, and says so. */
let server: Server;
let plain: PlainConnections;
let waiting: (() => void)[];
let refused: string[];
let taken: number;

const lane: Lane = (exchange) => {
  if (exchange.url === '/wait') waiting.push(() => answer(exchange));
  else if (exchange.url === '/plain' && exchange.headers.cookie === undefined) answer(exchange);
  else return false;
  return true;
};

function answer(exchange: Exchange): void {
  taken += 1;
  exchange.answer(200, { 'x-by': 'lane' }, exchange.body ?? 'nothing');
}

type Limits = Pick<PlainConnectionOptions, 'headersTimeoutMs' | 'requestTimeoutMs' | 'checkEveryMs'>;

/** Nothing ends by itself, however slow the machine is. */
const PATIENT: Limits = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, checkEveryMs: 60_000 };

beforeEach(() => open(PATIENT));
afterEach(() => close());

async function open(limits: Limits): Promise<void> {
  waiting = [];
  refused = [];
  taken = 0;
  server = createServer(async (request, response) => {
    response.setHeader('x-by', 'node');
    if (request.url === '/early') {
      response.end('early');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end(`${request.url} ${Buffer.concat(chunks)}`);
  });
  plain = keepPlainConnections(server, {
    lanes: [lane],
    ...limits,
    keepAliveMs: 60_000,
    refuse({ code }, socket) {
      refused.push(code);
      socket.end();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

async function close(): Promise<void> {
  plain.closeAll();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** For what happens in time. */
async function hurry(limits: Partial<Limits>): Promise<void> {
  await close();
  await open({ ...PATIENT, checkEveryMs: 20, ...limits });
}

interface Talk {
  readonly socket: Socket;
  send(text: string): void;
  /** All that has come so far, once it has so many answers. */
  answers(count: number): Promise<string[]>;
  readonly closed: Promise<unknown>;
}

function talk(): Talk {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.setNoDelay(true);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => undefined);
  return {
    socket,
    send: (text) => void socket.write(text),
    async answers(count) {
      const all = () => received.split('HTTP/1.1 200 OK\r\n').slice(1);
      await eventually(`there are ${count} answers`, async () => all().length === count);
      return all().map((text) => `${/x-by: (\w+)/.exec(text)?.[1]}: ${text.split('\r\n\r\n')[1]}`);
    },
    closed: once(socket, 'close'),
  };
}

const get = (url: string, ...headers: string[]): string =>
  `GET ${url} HTTP/1.1\r\n${['Host: h', ...headers].join('\r\n')}\r\n\r\n`;
const post = (body: string): string =>
  `POST /plain HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('plain requests are answered one after the other on one connection', async () => {
  const client = talk();
  client.send(get('/plain'));
  await client.answers(1);
  client.send(post('two'));
  expect(await client.answers(2)).toEqual(['lane: nothing', 'lane: two']);
});

test('the first that no lane takes goes to Node with its connection, and so does what follows', async () => {
  const client = talk();
  client.send(post('one'));
  await client.answers(1);
  client.send(get('/other'));
  await client.answers(2);
  client.send(get('/plain', 'Cookie: a=b'));
  expect(await client.answers(3)).toEqual(['lane: one', 'node: /other ', 'node: /plain ']);
});

test('several in one piece are all answered, in their order', async () => {
  const client = talk();
  client.send(post('one') + post('two') + get('/other'));
  expect(await client.answers(3)).toEqual(['node: /plain one', 'node: /plain two', 'node: /other ']);
});

test('a body may come in a second piece; in more, and with a head in pieces, Node puts it together', async () => {
  for (const [by, ...pieces] of [
    ['lane', post('abc').slice(0, -3), 'abc'],
    ['node', post('abc').slice(0, -3), 'a', 'bc'],
    ['node', post('abc').slice(0, 20), post('abc').slice(20)],
  ] as const) {
    const client = talk();
    for (const piece of pieces) {
      const before = client.socket.bytesWritten;
      client.send(piece);
      await eventually('it has left', async () => client.socket.bytesWritten === before + piece.length);
      // Each piece is one of its own only once the one before it was read.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => server.getConnections(resolve));
    }
    const [said] = await client.answers(1);
    expect(said).toContain('abc');
    // How the kernel puts pieces together is its own affair: in fewer, the lane may take it.
    if (by === 'lane') expect(said).toBe('lane: abc');
    client.socket.destroy();
  }
});

test('the next request is not read before this one is answered', async () => {
  const client = talk();
  client.send(get('/wait'));
  await eventually('it waits', async () => waiting.length === 1);
  client.send(post('two'));
  await eventually('the second has left', async () => client.socket.writableLength === 0);
  waiting.shift()?.();
  expect(await client.answers(2)).toEqual(['lane: nothing', 'lane: two']);
});

test('an answer to somebody who has left is nobody’s', async () => {
  const client = talk();
  client.send(get('/wait'));
  await eventually('it waits', async () => waiting.length === 1);
  client.socket.destroy();
  await client.closed;
  waiting.shift()?.();
  const next = talk();
  next.send(get('/plain'));
  expect(await next.answers(1)).toEqual(['lane: nothing']);
});

test('whoever says nothing is refused in time', async () => {
  await hurry({ headersTimeoutMs: 200 });
  const silent = talk();
  await silent.closed;
  expect(refused).toEqual(['ERR_HTTP_REQUEST_TIMEOUT']);
});

test('half of a request does not wait here: Node answers what needs no body, and is sent the rest', async () => {
  await hurry({});
  const client = talk();
  client.send(get('/early', 'Content-Length: 3'));
  expect(await client.answers(1)).toEqual(['node: early']);
  client.send('abc');
  client.send(post('two'));
  expect(await client.answers(2)).toEqual(['node: early', 'node: /plain two']);
});

test('half of a request and no more is refused; a whole one is answered', async () => {
  const half = talk();
  half.socket.end(post('abc').slice(0, -1));
  await half.closed;
  expect(refused).toEqual(['HPE_INVALID_EOF_STATE']);
  const whole = talk();
  whole.socket.end(post('abc'));
  expect(await whole.answers(1)).toEqual(['lane: abc']);
  await whole.closed;
});

test('the connection ends where the client asks for it, and with every answer once the server goes down', async () => {
  const asking = talk();
  asking.send(get('/plain', 'Connection: close'));
  expect(await asking.answers(1)).toEqual(['lane: nothing']);
  await asking.closed;
  const client = talk();
  client.send(get('/plain'));
  await client.answers(1);
  plain.endAfterAnswers();
  client.send(get('/plain'));
  expect(await client.answers(2)).toHaveLength(2);
  await client.closed;
});

test('who has been answered can be sent away, and who waits stays', async () => {
  const idle = talk();
  idle.send(get('/plain'));
  await idle.answers(1);
  const busy = talk();
  busy.send(get('/wait'));
  await eventually('it waits', async () => waiting.length === 1);
  plain.closeIdle();
  await idle.closed;
  waiting.shift()?.();
  expect(await busy.answers(1)).toEqual(['lane: nothing']);
});

/** A client that takes no answer, or nothing after one, until it is told to; Postern may have so many bytes waiting for it. */
function slowTalk(highWaterMark: number) {
  const written: string[] = [];
  let done: (() => void) | undefined;
  const peer = new Duplex({
    highWaterMark,
    read() {},
    write(chunk, _encoding, next) {
      written.push(String(chunk));
      done = next;
    },
  });
  // As sockets of `node:net` have it.
  const destroySoon = () => void peer.once('finish', () => peer.destroy());
  server.emit('connection', Object.assign(peer, { destroySoon }));
  return { peer, written, takeOne: () => done?.() };
}

test('whoever takes no answers is not read from, and is cut off in time', async () => {
  await hurry({ requestTimeoutMs: 2_000 });
  const { peer, written, takeOne } = slowTalk(1);
  const closed = once(peer, 'close');
  for (let count = 0; count < 3; count += 1) peer.push(get('/plain'));
  await eventually('it is answered once', async () => written.length === 1);
  expect(peer.isPaused()).toBe(true);
  takeOne();
  await eventually('it is answered again', async () => written.length === 2);
  await closed;
  expect(written).toHaveLength(2);
});

test('whoever has said all and then takes the answer is let go', async () => {
  const { peer, written, takeOne } = slowTalk(1);
  peer.push(get('/plain'));
  await eventually('it is answered', async () => written.length === 1);
  // As sockets of `node:net` tell the end, paused or not.
  peer.push(null);
  peer.read(0);
  await eventually('its end is noticed', async () => peer.readableEnded);
  expect(peer.writableEnded).toBe(false);
  takeOne();
  await eventually('it is let go', async () => peer.writableEnded);
});

test('who has not taken its answer yet is not sent away', async () => {
  const { peer, written, takeOne } = slowTalk(65_536);
  peer.push(get('/plain'));
  await eventually('it is answered', async () => written.length === 1);
  plain.closeIdle();
  expect(peer.destroyed).toBe(false);
  takeOne();
  await eventually('it has taken all', async () => peer.writableLength === 0);
  plain.closeIdle();
  expect(peer.destroyed).toBe(true);
});

test('whoever is refused and does not take that is cut off in time, and when the server goes down', async () => {
  await hurry({ requestTimeoutMs: 1_000 });
  for (let count = 1; count <= 2; count += 1) {
    const { peer } = slowTalk(65_536);
    const closed = once(peer, 'close');
    peer.push(get('/plain'));
    await eventually('it is answered', async () => taken === count);
    peer.push(post('abc').slice(0, -1));
    peer.push(null);
    await eventually('it is refused', async () => refused.length === count);
    if (count === 1) await closed;
    else plain.closeAll();
    expect(peer.destroyed).toBe(true);
  }
});

test('nothing is done for whoever asks again after the last answer', async () => {
  const { peer, written, takeOne } = slowTalk(65_536);
  peer.push(get('/plain', 'Connection: close'));
  peer.push(get('/plain'));
  await eventually('all of it has been read', async () => peer.readableLength === 0);
  expect([taken, written.length]).toEqual([1, 1]);
  takeOne();
  await once(peer, 'close');
  expect(written).toHaveLength(1);
});
