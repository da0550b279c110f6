import { type AuditEvent, type AuditEventQuery, formatTime, invalidField, type OrganizationId } from '@postern/core';
import { representAuditEvent } from './audit-event-schema.ts';
import { toCsvLine } from './csv.ts';
import type { Export } from './export.ts';
import type { Server } from './server.ts';

/** The audit log as files: everything that matches, as it was when the export began, newest first. */

const CSV = 'text/csv';
const NDJSON = 'application/x-ndjson';
export const AUDIT_EXPORT_TYPES: readonly string[] = [CSV, NDJSON];

/** What is read at once, and the most that is in memory. */
const PAGE = 200;

type Filters = Omit<AuditEventQuery, 'limit' | 'after'>;

const HEADING = toCsvLine([
  'id',
  'at',
  'action',
  'outcome',
  'code',
  'actor kind',
  'actor id',
  'actor',
  'actor token id',
  'target kind',
  'target id',
  'target',
  'details',
  'request id',
  'address',
  'user agent',
]);

export function exportAuditEvents(
  server: Server,
  organizationId: OrganizationId,
  filters: Filters,
  type: string,
): Export {
  const date = formatTime(server.storage.now()).slice(0, 'yyyy-mm-dd'.length);
  const isCsv = type === CSV;
  return {
    type: isCsv ? `${CSV}; charset=utf-8; header=present` : NDJSON,
    fileName: `audit-events-${date}.${isCsv ? 'csv' : 'ndjson'}`,
    chunks: isCsv ? toCsv(server, organizationId, filters) : toNdjson(server, organizationId, filters),
  };
}

/** An export has no pages. Throws `request.invalid`. */
export function refusePaging(query: { readonly limit?: number; readonly cursor?: string }): void {
  for (const name of ['limit', 'cursor'] as const) {
    if (query[name] !== undefined) throw invalidField(`/${name}`, 'is of no use here: an export is all that matches');
  }
}

async function* toCsv(server: Server, organizationId: OrganizationId, filters: Filters): AsyncGenerator<string> {
  let heading = HEADING;
  for await (const events of pagesOf(server, organizationId, filters)) {
    yield heading + events.map((event) => toCsvLine(cellsOf(event))).join('');
    heading = '';
  }
}

async function* toNdjson(server: Server, organizationId: OrganizationId, filters: Filters): AsyncGenerator<string> {
  for await (const events of pagesOf(server, organizationId, filters)) {
    yield events.map((event) => `${JSON.stringify(representAuditEvent(event))}\n`).join('');
  }
}

/** At least one page, even of nothing. Going back in time, they never come to what happens meanwhile. */
async function* pagesOf(
  { storage }: Server,
  organizationId: OrganizationId,
  filters: Filters,
): AsyncGenerator<readonly AuditEvent[]> {
  let after: AuditEventQuery['after'] = null;
  do {
    const page = await storage.listAuditEvents(organizationId, { ...filters, limit: PAGE, after });
    yield page.items;
    after = page.next;
  } while (after !== null);
}

function cellsOf(event: AuditEvent): readonly (string | null)[] {
  const { id, at, action, outcome, code, actor, target, details, requestId, address, userAgent } =
    representAuditEvent(event);
  return [
    id,
    at,
    action,
    outcome,
    code,
    actor.kind,
    actor.id,
    actor.displayName,
    actor.tokenId,
    target?.kind ?? null,
    target?.id ?? null,
    target?.displayName ?? null,
    Object.keys(details).length === 0 ? null : JSON.stringify(details),
    requestId,
    address,
    userAgent,
  ];
}
