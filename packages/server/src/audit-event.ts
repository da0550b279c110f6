import { parseTime } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { AUDIT_EXPORT_TYPES, exportAuditEvents, refusePaging } from './audit-event-export.ts';
import { AuditEventPage, representAuditEvent } from './audit-event-schema.ts';
import { parsePageQuery, representPage } from './page.ts';
import { declareRoute } from './route.ts';
import { Closed, IdText, LIST_FIELDS, Time } from './schema.ts';
import type { Server } from './server.ts';

/** `checkMs`: how often the credential of an export is looked at. */
export function auditEventRoutes(app: FastifyInstance, server: Server, checkMs?: number): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/audit-events',
    operation: 'listAuditEvents',
    tag: 'Audit log',
    summary: 'What was done, and what was refused; newest first',
    description:
      'With `Accept: text/csv` or `application/x-ndjson` all of it that matches, as a stream and without pages. The ' +
      'credential is looked at again every 5 seconds; an export that is cut short ends without its end. A principal may ' +
      'have 5 running. In CSV a text that a spreadsheet would take for a formula has an apostrophe in front.',
    permission: 'audit.read',
    query: Closed({
      ...LIST_FIELDS,
      actorId: Type.Optional(IdText()),
      targetId: Type.Optional(IdText()),
      principalId: Type.Optional(
        IdText({
          description:
            'What concerns this service account or member: done by it, or to it, to one of its tokens or to a role of it',
        }),
      ),
      action: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      requestId: Type.Optional(IdText({ description: 'The X-Request-Id of an answer, refused credentials included' })),
      from: Type.Optional(Time()),
      to: Type.Optional(Time()),
    }),
    answers: { 200: { description: 'A page of events', body: AuditEventPage } },
    exports: { types: AUDIT_EXPORT_TYPES, checkMs },
    async act({ caller, query, exportType }) {
      const scope = { organizationId: caller.record.organization.id, list: 'audit-events' };
      const filters = {
        actorId: query.actorId ?? null,
        targetId: query.targetId ?? null,
        principalId: query.principalId ?? null,
        action: query.action ?? null,
        requestId: query.requestId ?? null,
        from: query.from === undefined ? null : parseTime(query.from, '/from'),
        to: query.to === undefined ? null : parseTime(query.to, '/to'),
      };
      if (exportType !== undefined) {
        refusePaging(query);
        return { status: 200, exported: exportAuditEvents(server, scope.organizationId, filters, exportType) };
      }
      const page = await server.storage.listAuditEvents(scope.organizationId, {
        ...filters,
        ...parsePageQuery(query, scope, server.keys),
      });
      return ok(representPage(page, representAuditEvent, query, scope, server.keys));
    },
  });
}
