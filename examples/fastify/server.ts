import { createVerifier } from '@postern/sdk';
import { type PosternApp, type PosternRequest, posternPlugin } from '@postern/sdk/fastify';
import fastify from 'fastify';

declare module 'fastify' {
  interface FastifyInstance extends PosternApp {}
  interface FastifyRequest extends PosternRequest {}
}

// POSTERN_URL and POSTERN_TOKEN say where Postern is, and who this API is: an account with the organization role `verifier`.
const verifier = createVerifier();
await verifier.ready();

const app = fastify();
await app.register(posternPlugin, { verifier });
app.get('/hello', { preHandler: app.protect({ authenticated: true }) }, async (request) => ({
  hello: request.postern?.principal.displayName,
}));
app.get('/orders', { preHandler: app.protect('orders.read', { workspace: 'shop' }) }, async () => ({
  orders: ['a castle'],
}));

const url = await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) });
console.log(`Listening on ${url}`);

process.once('SIGTERM', async () => {
  await app.close();
  // Reports the last use.
  await verifier.close();
});
