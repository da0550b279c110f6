import type { Call, CallOptions } from './call.ts';
import { type List, listOf } from './list.ts';
import type { AuditEvent, Operations } from './openapi.gen.ts';

export type AuditEventQuery = NonNullable<Operations['GET /api/v1/audit-events']['query']>;

export interface AuditResource {
  /** What was done, and what was refused; the newest first. */
  list(query?: AuditEventQuery, options?: CallOptions): List<AuditEvent>;
}

export function audit(call: Call): AuditResource {
  return {
    list: (query, options) =>
      listOf(query, async (paged) => (await call('GET /api/v1/audit-events', { query: paged }, options)).body),
  };
}
