import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '@postern/server';
import { createServer } from 'vite';

/** For working on the console: it reloads as its sources change, in front of a server on ./postern-data. */

const PORT = 5173;
const API_PORT = 7071;
const root = fileURLToPath(new URL('..', import.meta.url));
const url = `http://127.0.0.1:${PORT}`;

mkdirSync(join(root, 'postern-data'), { recursive: true, mode: 0o700 });
await serve({
  port: String(API_PORT),
  // Pages come from here, so this is where calls that change something may come from.
  'public-url': url,
});
const proxy = { target: `http://127.0.0.1:${API_PORT}`, changeOrigin: false };
const vite = await createServer({
  root: join(root, 'packages/console'),
  server: { host: '127.0.0.1', port: PORT, strictPort: true, proxy: { '/api': proxy, '/oauth2': proxy } },
});
await vite.listen();
process.stdout.write(`The console is at ${url}\n`);
