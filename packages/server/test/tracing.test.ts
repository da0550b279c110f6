import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { callExpecting, eventually } from './api.ts';
import { startPostern } from './postern.ts';

interface Span {
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

test('spans go where the variables of OpenTelemetry say, one per request, and tell nothing of what was sent', async () => {
  const batches: Batch[] = [];
  const collector = createServer(async (request, response) => {
    if (request.url === '/v1/traces') batches.push((await json(request)) as Batch);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void collector.close());
  const { port } = collector.address() as AddressInfo;
  const server = await startPostern('sqlite', {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_SERVICE_NAME: 'postern-test',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  onTestFinished(() => server.stop());
  const { admin } = server;
  await callExpecting(200, admin, 'GET', '/api/v1/me', { headers: { traceparent: `00-${TRACE}-${PARENT}-01` } });
  await callExpecting(400, admin, 'GET', `/api/v1/service-accounts/sa_${'0'.repeat(26)}?x=secret`);
  await callExpecting(401, { url: server.url, token: `${admin.token.slice(0, -1)}!` }, 'GET', '/api/v1/me');

  const spans = (): readonly Span[] =>
    batches.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((each) => each.spans)),
    );
  await eventually('three spans have come', () => spans().length >= 3);
  const [me, missing, refused] = spans();
  const facts = ({ attributes }: Span): Record<string, unknown> =>
    Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
  expect(me).toMatchObject({ name: 'GET /api/v1/me', traceId: TRACE, parentSpanId: PARENT });
  expect(BigInt(me?.endTimeUnixNano ?? 0)).toBeGreaterThan(BigInt(me?.startTimeUnixNano ?? 0));
  expect(facts(me as Span)).toMatchObject({
    'http.request.method': 'GET',
    'http.route': '/api/v1/me',
    'http.response.status_code': 200,
    'postern.request_id': expect.stringMatching(/^req_/),
  });
  expect(missing).toMatchObject({ name: 'GET /api/v1/service-accounts/:id' });
  expect(refused?.traceId).not.toBe(TRACE);
  expect(facts(refused as Span)).toMatchObject({ 'http.response.status_code': 401, 'error.type': 'token.malformed' });
  const told = JSON.stringify(batches);
  expect(told).toContain('"postern-test"');
  for (const secret of [admin.token, 'secret', server.secretKey]) expect(told).not.toContain(secret);
});
