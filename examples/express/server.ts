import { createVerifier } from '@postern/sdk';
import { protect } from '@postern/sdk/express';
import express from 'express';

// POSTERN_URL and POSTERN_TOKEN say where Postern is, and who this API is: an account with the organization role `verifier`.
const verifier = createVerifier();
await verifier.ready();

const app = express();
app.get('/hello', protect(verifier, { authenticated: true }), (request, response) => {
  response.json({ hello: request.postern?.principal.displayName });
});
app.get('/orders', protect(verifier, 'orders.read', { workspace: 'shop' }), (_request, response) => {
  response.json({ orders: ['a castle'] });
});

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`Listening on http://127.0.0.1:${address?.port}`);
});

process.once('SIGTERM', async () => {
  server.close();
  // Reports the last use.
  await verifier.close();
});
