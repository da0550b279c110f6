import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { createVerifier } from '@postern/sdk';
import { type PosternVariables, protect } from '@postern/sdk/hono';
import { type Context, Hono } from 'hono';

// POSTERN_URL and POSTERN_TOKEN say where Postern is, and who this API is: an account with the organization role `verifier`.
const verifier = createVerifier();
await verifier.ready();

const clientAddress = (context: Context): string | undefined => getConnInfo(context).remote.address;

const app = new Hono<{ Variables: PosternVariables }>();
app.use('/hello', protect(verifier, { authenticated: true }, { clientAddress }));
app.get('/hello', (context) => context.json({ hello: context.var.postern.principal.displayName }));
app.use('/orders', protect(verifier, 'orders.read', { workspace: 'shop', clientAddress }));
app.get('/orders', (context) => context.json({ orders: ['a castle'] }));

const port = Number(process.env['PORT'] ?? 3000);
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (info) => {
  console.log(`Listening on http://127.0.0.1:${info.port}`);
});

process.once('SIGTERM', async () => {
  server.close();
  // Reports the last use.
  await verifier.close();
});
