import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Postern, type TokenVerdict } from '@postern/sdk';

/**
 * A small API that Postern protects. It has an account of its own, with the organization role `verifier`, which may ask
 * whose a token is and nothing else: POSTERN_URL says where to ask, POSTERN_TOKEN holds its token.
 */
const postern = new Postern();

const ORDERS = [
  { id: 1041, item: 'oak beams', count: 12 },
  { id: 1042, item: 'iron hinges', count: 4 },
  { id: 1043, item: 'limestone, dressed', count: 200 },
];

const server = createServer(async (request, response) => {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return answer(response, 401, { title: 'This API needs a token.' });

  let verdict: TokenVerdict;
  try {
    verdict = await postern.tokens.verify(token, {
      clientAddress: request.socket.remoteAddress,
      userAgent: request.headers['user-agent'],
    });
  } catch (error) {
    // Who cannot be asked about must not be let in.
    console.error(String(error));
    return answer(response, 503, { title: 'Tokens cannot be checked now.' });
  }

  if (!verdict.active) return answer(response, 401, { title: 'The token is not valid.' });
  answer(response, 200, { orders: ORDERS, calledBy: verdict.principal.displayName });
});

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  console.log(`The orders API is listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
