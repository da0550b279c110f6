import {
  invalidField,
  parseAddress,
  parseTime,
  type ReportedUse,
  type TokenId,
  USAGE_REPORT_LIMITS,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { gone } from './answer.ts';
import { readUserAgent } from './client.ts';
import { declareRoute } from './route.ts';
import { AddressText, Closed, IdText, OneOf, PermissionText, RefTo, Time, UserAgentText } from './schema.ts';
import type { Server } from './server.ts';

const UsageReportItem = Closed(
  {
    tokenId: IdText(),
    generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    address: Type.Optional(AddressText({ description: 'Where the calls came from; absent = not known' })),
    userAgent: Type.Optional(UserAgentText()),
    permission: Type.Optional(PermissionText({ description: 'What was asked about' })),
    outcome: OneOf(['allowed', 'denied']),
    count: Type.Integer({ minimum: 1, maximum: USAGE_REPORT_LIMITS.count }),
    lastAt: Time(),
  },
  { $id: 'UsageReportItem' },
);
const UsageReportInput = Closed(
  {
    reportId: Type.String({
      pattern: '^[A-Za-z0-9_-]{22,128}$',
      description: 'Random; the same report again, within a day, counts nothing twice',
    }),
    verifier: Type.Optional(
      Closed(
        {
          id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'Of the process, made when it starts' }),
          completeUntil: Type.Optional(Time({ description: 'All that was answered before is reported' })),
          closing: Type.Optional(Type.Boolean({ description: 'It ends, and is not waited for any more' })),
        },
        {
          description:
            'A verifier that says who it is is waited for: `usageCompleteUntil` of tokens is not later than what it said, ' +
            'until it closes or is silent for a day',
        },
      ),
    ),
    items: Type.Array(RefTo(UsageReportItem), { maxItems: USAGE_REPORT_LIMITS.items }),
  },
  { $id: 'UsageReportInput' },
);

export const USAGE_REPORT_SCHEMAS = [UsageReportItem, UsageReportInput];

export function usageReportRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: '/api/v1/usage-reports',
    operation: 'reportUsage',
    tag: 'Verification',
    summary: 'What a verifier answered from its own memory',
    description: 'Times only move forwards. Items about tokens that are not there are ignored.',
    permission: 'token.introspect',
    body: UsageReportInput,
    answers: { 204: { description: 'Noted', body: null } },
    async act({ caller, body }) {
      const { principal, organization } = caller.record;
      const { verifier } = body;
      await server.storage.recordUsageReport({
        organizationId: organization.id,
        principalId: principal.id,
        reportId: body.reportId,
        at: server.storage.now(),
        items: body.items.map(parseItem),
        verifier: verifier
          ? {
              id: verifier.id,
              closing: verifier.closing ?? false,
              completeUntil:
                verifier.completeUntil === undefined
                  ? null
                  : parseTime(verifier.completeUntil, '/verifier/completeUntil'),
            }
          : null,
      });
      return gone();
    },
  });
}

function parseItem(item: Type.Static<typeof UsageReportItem>, index: number): ReportedUse {
  const address = item.address ? parseAddress(item.address) : '';
  if (address === undefined) throw invalidField(`/items/${index}/address`, 'must be an IPv4 or IPv6 address');
  return {
    tokenId: item.tokenId as TokenId,
    generation: item.generation,
    address,
    userAgent: readUserAgent(item.userAgent),
    permission: item.permission ?? null,
    outcome: item.outcome,
    count: item.count,
    lastAt: parseTime(item.lastAt, `/items/${index}/lastAt`),
  };
}
