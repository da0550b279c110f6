import type { Call, CallOptions } from './call.ts';
import { type Download, readDownload } from './download.ts';
import { type List, listOf } from './list.ts';
import type { AuditEvent, Operations } from './openapi.gen.ts';
import type { ResolvedSettings } from './settings.ts';

export type AuditEventQuery = NonNullable<Operations['GET /api/v1/audit-events']['query']>;
/** What an export holds; it has no pages. */
export type AuditEventFilters = Omit<AuditEventQuery, 'limit' | 'cursor'>;
/** `csv`: for spreadsheets (RFC 4180); `ndjson`: an `AuditEvent` a line. */
export type AuditExportFormat = 'csv' | 'ndjson';

export interface AuditResource {
  /** What was done, and what was refused; the newest first. */
  list(query?: AuditEventQuery, options?: CallOptions): List<AuditEvent>;
  /**
   * All that matches, as the bytes of a file, while the server reads it; nothing is sent before it is iterated. Throws a
   * `PosternError`; of an export that ends before its end, `ConnectionError`. `timeoutMs` is for each chunk.
   */
  export(format: AuditExportFormat, filters?: AuditEventFilters, options?: CallOptions): Download;
}

const TYPES: Readonly<Record<AuditExportFormat, string>> = { csv: 'text/csv', ndjson: 'application/x-ndjson' };

export function audit(call: Call, { url, timeoutMs }: Pick<ResolvedSettings, 'url' | 'timeoutMs'>): AuditResource {
  return {
    list: (query, options) =>
      listOf(query, async (paged) => (await call('GET /api/v1/audit-events', { query: paged }, options)).body),

    async *export(format, filters, options) {
      const { body } = await call('GET /api/v1/audit-events', { query: filters, exported: TYPES[format] }, options);
      yield* readDownload(body as unknown as ReadableStream<Uint8Array>, {
        url,
        timeoutMs: options?.timeoutMs ?? timeoutMs,
        signal: options?.signal,
      });
    },
  };
}
