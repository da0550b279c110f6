import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MORE, type PlainRequest, readPlainRequest } from './plain-request.ts';

const read = (text: string) => readPlainRequest(Buffer.from(text, 'latin1'));
const HEAD = 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n';

test('a whole request with a body', () => {
  const request = read('POST /a?b=c HTTP/1.1\r\nHost: h\r\nX-Odd:\t two words \r\ncontent-length: 2\r\n\r\nhi');
  expect(request).toEqual({
    method: 'POST',
    url: '/a?b=c',
    headers: { host: 'h', 'x-odd': 'two words', 'content-length': '2' },
    body: 'hi',
    closes: false,
  });
});

test('a whole request without a body', () => {
  expect(read('GET / HTTP/1.1\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n')).toMatchObject({
    body: null,
    closes: false,
  });
  expect(read('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')).toMatchObject({ body: null, closes: true });
});

test('a body in UTF-8, also one that is longer than what is read for the head', () => {
  for (const body of ['ö', `${'a'.repeat(20_000)}€`]) {
    const bytes = Buffer.from(body);
    const request = readPlainRequest(
      Buffer.concat([Buffer.from(`POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]),
    );
    expect(request).toMatchObject({ body });
  }
});

test('the head is there, and some of the body is not', () => {
  expect(read(`${HEAD}\r\n`)).toBe(MORE);
  expect(read(`${HEAD}\r\nh`)).toBe(MORE);
});

test('what is remembered of a request keeps nothing else of it in memory', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const bytesOf = (name: string): number => {
    const kept: unknown[] = [];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 1_000; index += 1) {
      const head = `GET / HTTP/1.1\r\nHost: h\r\nAuthorization: ${'x'.repeat(7_000)}\r\n${name}: 2001:db8::1234:${index}`;
      const request = read(`${head}\r\n\r\n`) as PlainRequest;
      kept.push(request.headers[name]);
    }
    collect();
    return (process.memoryUsage().heapUsed - before) / kept.length;
  };
  expect(bytesOf('x-other')).toBeGreaterThan(6_000);
  for (const name of ['user-agent', 'x-forwarded-for', 'traceparent']) expect(bytesOf(name)).toBeLessThan(1_000);
});

describe('is left to Node', () => {
  test.each([
    ['half a head', 'GET / HTTP/1.1\r\nHost: h\r\n'],
    ['no header at all', 'GET / HTTP/1.1\r\n\r\n'],
    ['nothing', ''],
    ['another version', 'GET / HTTP/1.0\r\nHost: h\r\n\r\n'],
    ['no version', 'GET /\r\nHost: h\r\n\r\n'],
    ['a small method', 'get / HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['two spaces', 'GET  / HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a line feed alone', 'GET / HTTP/1.1\nHost: h\n\n'],
    ['a line feed in a value', 'GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n'],
    ['a carriage return in a value', 'GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n'],
    ['a line before it', '\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n z\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : h\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost\r\n\r\n'],
    ['a header without a name', 'GET / HTTP/1.1\r\n: h\r\n\r\n'],
    ['NUL', 'GET / HTTP/1.1\r\nHost: h\0\r\n\r\n'],
    ['a byte from 128 on', 'GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n'],
    ['a header twice', 'GET / HTTP/1.1\r\nHost: h\r\nhOST: i\r\n\r\n'],
    ['a header called like what every object has', 'GET / HTTP/1.1\r\nHost: h\r\nconstructor: x\r\n\r\n'],
    ['a header called like a prototype', 'GET / HTTP/1.1\r\nHost: h\r\n__proto__: x\r\n\r\n'],
    ['a coding', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a coding and a length', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['an expectation', `${HEAD}Expect: 100-continue\r\n\r\n`],
    ['an upgrade', 'GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n'],
    ['another connection option', 'GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n\r\n'],
    ['a connection option under another name', 'GET / HTTP/1.1\r\nHost: h\r\nProxy-Connection: close\r\n\r\n'],
    ['a length with a sign', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +2\r\n\r\nhi'],
    ['a length with zeros', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 02\r\n\r\nhi'],
    ['a length as a list', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2, 2\r\n\r\nhi'],
    ['a length in another base', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x2\r\n\r\nhi'],
    ['an empty length', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n'],
    ['a body too large', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n'],
    ['more than one request', `${HEAD}\r\nhiGET / HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['a byte too many', `${HEAD}\r\nhi!`],
    ['a body that is not UTF-8', `${HEAD}\r\n\xff\xfe`],
    ['a head too large', `GET / HTTP/1.1\r\nHost: h\r\nX: ${'y'.repeat(8_192)}\r\n\r\n`],
  ])('%s', (_, text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe('whatever it takes', () => {
  const server = createServer();
  /** What was read, by the port that it came from. */
  const seen = new Map<number | undefined, Partial<PlainRequest>>();
  let port: number;

  beforeAll(async () => {
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method = '', url = '', headers } = request;
      seen.set(request.socket.remotePort, { method, url, headers, body: Buffer.concat(chunks).toString('utf8') });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** What Node's own reader makes of these bytes, if it takes them for one whole request. */
  function readByNode(bytes: Buffer): Promise<Partial<PlainRequest> | undefined> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        const { localPort } = socket;
        socket.on('close', () => resolve(seen.get(localPort)));
        socket.end(bytes);
      });
      socket.on('error', reject).resume();
    });
  }

  const token = fc.string({ unit: fc.constantFrom(...'aZ09-_!~'), minLength: 1, maxLength: 8 });
  const odd = fc.constantFrom('\r', '\n', '\r\n', ' ', '\t', '\0', ':', ',', '\x7f', '\xa0', 'é', '');
  const value = fc
    .array(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom('a', 'B', '7', ' ', '/', '=') }, { weight: 1, arbitrary: odd }),
    )
    .map((parts) => parts.join(''));
  const header = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(token, fc.constant(':'), value) },
    { weight: 1, arbitrary: fc.tuple(token, odd, value) },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.constantFrom('Content-Length', 'content-length', 'Transfer-Encoding', 'Connection', 'Host'),
        fc.constant(': '),
        fc.constantFrom('0', '1', '3', '03', '+3', '3,3', 'chunked', 'close', 'keep-alive', 'identity', ''),
      ),
    },
  );
  const bytes = fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      url: fc.constantFrom('/', '/a?b', '/a b', '*', 'http://h/a', '/é'),
      headers: fc.array(header, { maxLength: 5 }),
      body: fc.constantFrom('', 'a', 'abc', 'ab€', '0\r\n\r\n'),
      isTold: fc.boolean(),
      lineEnd: fc.constantFrom('\r\n', '\r\n', '\r\n', '\n'),
    })
    .map(({ method, url, headers, body, isTold, lineEnd }) => {
      const length = isTold ? [`content-length:${Buffer.byteLength(body)}`] : [];
      const lines = [`${method} ${url} HTTP/1.1`, 'Host: h', ...headers.map((parts) => parts.join('')), ...length];
      return Buffer.from(`${lines.join(lineEnd)}${lineEnd}${lineEnd}${body}`);
    });

  test('Node takes, too, for the same request', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(bytes, async (all) => {
        const ours = readPlainRequest(all);
        if (ours === MORE || ours === undefined) return;
        taken += 1;
        const theirs = await readByNode(all);
        expect(theirs).toEqual({ ...ours, headers: { ...ours.headers }, body: ours.body ?? '', closes: undefined });
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(200);
  });
});
