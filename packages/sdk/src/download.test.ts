import { describe, expect, test, vi } from 'vitest';
import { testClient } from '../test/client.ts';
import { type Behaviour, problem, startMisbehavingServer } from '../test/misbehaving-server.ts';
import { audit } from './audit-event.ts';

const CSV = { 'content-type': 'text/csv; charset=utf-8' };

/** A file of which nothing more comes. */
const stalled: Behaviour = (response) => void response.writeHead(200, CSV).write('id');

/** A file that comes in two parts, with or without its end. */
function parts(ends: boolean): Behaviour {
  return (response) => {
    response.writeHead(200, CSV);
    response.write('id,at\r\n', () => {
      if (ends) response.end('evt_1,now\r\n');
      else response.destroy();
    });
  };
}

async function exported(behaviour: Behaviour, options: { signal?: AbortSignal; timeoutMs?: number } = {}) {
  const server = await startMisbehavingServer(behaviour);
  const { call } = testClient({ url: server.url, maxRetries: 0 });
  const chunks = audit(call, { url: server.url, timeoutMs: 30_000 }).export('csv', { action: 'token.create' }, options);
  return { server, chunks };
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text;
}

describe('an export', () => {
  test('asks for its type, and nothing before it is read', async () => {
    const { server, chunks } = await exported(parts(true));
    expect(server.seen).toEqual([]);
    expect(await textOf(chunks)).toBe('id,at\r\nevt_1,now\r\n');
    const [request] = server.seen;
    expect([request?.url, request?.headers.accept]).toEqual(['/api/v1/audit-events?action=token.create', 'text/csv']);
  });

  test('that ends before its end is no file', async () => {
    const { chunks } = await exported(parts(false));
    await expect(textOf(chunks)).rejects.toMatchObject({ code: 'client.connection' });
  });

  test('of which nothing more comes ends after the timeout', async () => {
    const { chunks } = await exported(stalled, { timeoutMs: 200 });
    await expect(textOf(chunks)).rejects.toMatchObject({ code: 'client.timeout' });
  });

  test('leaves nothing behind on the signal that could have ended it', async () => {
    const { signal } = new AbortController();
    const listening: unknown[] = [];
    vi.spyOn(signal, 'addEventListener').mockImplementation((_type, listener) => void listening.push(listener));
    vi.spyOn(signal, 'removeEventListener').mockImplementation((_type, listener) => {
      if (listening.includes(listener)) listening.splice(listening.indexOf(listener), 1);
    });
    const { chunks } = await exported(parts(true), { signal });
    await textOf(chunks);
    expect(listening).toEqual([]);
  });

  test('that is refused says why', async () => {
    const { chunks } = await exported(problem(403, 'permission.denied'));
    await expect(textOf(chunks)).rejects.toMatchObject({ status: 403, code: 'permission.denied' });
  });

  test('ends when whoever reads it has enough, or says so', async () => {
    const stopping = new AbortController();
    const { chunks } = await exported(stalled, stopping);
    const reading = textOf(chunks);
    stopping.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    const { server, chunks: others } = await exported(parts(true));
    for await (const chunk of others) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(server.seen).toHaveLength(1);
  });
});
