import { endTokenOverlap, OVERLAP_MAX_SECONDS, refreshToken } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { representReceipt } from './represent.ts';
import { declareRoute } from './route.ts';
import { Closed, Nullable, Receipt, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';
import {
  IssuedTokenSchema,
  parseTokenAddress,
  prepareToRepresent,
  representIssuedToken,
  TOKEN_TAG,
  TOKEN_URL,
  TokenSchema,
  tokenTarget,
} from './token.ts';

export const RefreshInput = Closed(
  {
    expiresAt: Type.Optional(
      Nullable(Time({ description: 'Absent = the same lifetime again, from now; null = never expires' })),
    ),
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: OVERLAP_MAX_SECONDS,
        default: 0,
        description: 'For how long the old value works beside the new one, never beyond its own expiry',
      }),
    ),
  },
  { $id: 'RefreshInput' },
);
export const TokenAfterOverlap = Closed(
  { ...TokenSchema.properties, receipt: RefTo(Receipt) },
  { $id: 'TokenAfterOverlap', description: 'The token, and how far the end of its old value has reached' },
);

export const TOKEN_REFRESH_SCHEMAS = [RefreshInput, TokenAfterOverlap];

export function tokenRefreshRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: `${TOKEN_URL}/refresh`,
    operation: 'refreshToken',
    tag: TOKEN_TAG,
    summary: 'Give a token a new value',
    description:
      'Same token, new value; the old one dies at once, or after the overlap. Under an Idempotency-Key a repeated request ' +
      'gets the same token and value; `receipt` is each answer’s own.',
    permission: 'token.refresh',
    audit: { action: 'token.refresh', target: tokenTarget },
    conditional: true,
    idempotent: true,
    body: RefreshInput,
    bodyOptional: true,
    answers: { 200: { description: 'The token and its new value', body: IssuedTokenSchema } },
    async act({ caller, params, body, options }) {
      const issued = await refreshToken(server, caller, parseTokenAddress(params), body, options);
      const { result, receipt } = issued;
      const answer = { ...representIssuedToken(issued, server.storage.now()), receipt: representReceipt(receipt) };
      return ok(answer, { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'POST',
    url: `${TOKEN_URL}/end-overlap`,
    operation: 'endTokenOverlap',
    tag: TOKEN_TAG,
    summary: 'End the overlap: the old value dies now',
    permission: 'token.refresh',
    audit: { action: 'token.end_overlap', target: tokenTarget },
    conditional: true,
    answers: { 200: { description: 'The token', body: TokenAfterOverlap } },
    async act({ caller, params, options }) {
      const represent = await prepareToRepresent(server, caller);
      const { result, receipt } = await endTokenOverlap(server, caller, parseTokenAddress(params), options);
      const body = { ...represent(result), receipt: representReceipt(receipt) };
      return ok(body, { version: result.version, receipt });
    },
  });
}
