import {
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { AnsweredRequest, Log } from './log.ts';

/**
 * One span for each answered request, sent where the variables of OpenTelemetry say (OTEL_EXPORTER_OTLP_ENDPOINT and its
 * relatives, which the library reads). A span tells what the log tells, and nothing of what was sent: method, route, status, request
 * id, code. This file is loaded where tracing is asked for, and nowhere else.
 */

export interface Tracing {
  /** The log, which leaves a span with each request as well. */
  trace(log: Log): Log;
  /** Sends what is left, for at most as long as the exporter waits. */
  close(): Promise<void>;
}

export function createTracing(): Tracing {
  const named = resourceFromAttributes({ 'service.name': 'postern' });
  // What the environment names is stronger.
  const resource = defaultResource()
    .merge(named)
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer('postern');
  return {
    trace: (log) => ({
      ...log,
      request(request, answer) {
        leaveSpan(tracer, request, answer.statusCode);
        log.request(request, answer);
      },
    }),
    close: () => provider.shutdown().catch(() => undefined),
  };
}

function leaveSpan(tracer: Tracer, request: AnsweredRequest, status: number): void {
  const now = Date.now();
  const startTime = now - (performance.now() - request.startedAt);
  const { method, pattern, failure } = request;
  const span = tracer.startSpan(
    pattern === '' ? method : `${method} ${pattern}`,
    {
      kind: SpanKind.SERVER,
      startTime,
      attributes: {
        'http.request.method': method,
        'http.response.status_code': status,
        'postern.request_id': request.id,
        ...(pattern !== '' && { 'http.route': pattern }),
        ...(failure && { 'error.type': failure.code }),
      },
    },
    parentOf(request),
  );
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(now);
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

function parentOf({ headers }: AnsweredRequest): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(String(headers['traceparent'] ?? '')) ?? [];
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags ?? '0', 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
