import {
  type Authorized,
  DomainError,
  invalidField,
  type PrincipalId,
  parsePrincipal,
  parseTime,
  type RevokedTokens,
  requireRecentSignIn,
  revokeTokens,
  type TokenRevocation,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { representReceipt } from './represent.ts';
import { declareRoute } from './route.ts';
import { Closed, IdText, Receipt, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';
import { prepareToRepresent, TOKEN_TAG, TokenSchema } from './token.ts';

const TokenRevocationInput = Closed(
  {
    accountId: Type.Optional(IdText({ description: 'Tokens of this service account or member' })),
    createdBy: Type.Optional(IdText({ description: 'Tokens that this principal created' })),
    createdBefore: Type.Optional(Time()),
    unusedSince: Type.Optional(Time({ description: 'Not used since then, and made before' })),
    dryRun: Type.Optional(
      Type.Boolean({ default: false, description: 'Answer what would be revoked, and do nothing' }),
    ),
  },
  { $id: 'TokenRevocation', description: 'At least one condition; tokens that meet all of them' },
);
const RevokedTokensSchema = Closed(
  {
    revoked: Type.Integer(),
    tokens: Type.Array(RefTo(TokenSchema), { description: 'The first 200 of them, as they were' }),
    receipt: Type.Optional(RefTo(Receipt)),
  },
  { $id: 'RevokedTokens' },
);

export const TOKEN_REVOKE_SCHEMAS = [TokenRevocationInput, RevokedTokensSchema];

export function tokenRevokeRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: '/api/v1/tokens/revoke',
    operation: 'revokeTokens',
    tag: TOKEN_TAG,
    summary: 'Revoke every token that meets the conditions',
    permission: 'token.delete',
    audit: {
      action: 'token.revoke',
      target: (_params, { record }) => ({ kind: 'organization', id: record.organization.id, displayName: null }),
      when: ({ body }) => body.dryRun !== true,
    },
    body: TokenRevocationInput,
    answers: { 200: { description: 'What was revoked, or would be', body: RevokedTokensSchema } },
    async act({ caller, body }) {
      const revocation = parseRevocation(body);
      await requireAccount(server, caller, revocation);
      const representToken = await prepareToRepresent(server, caller);
      const represent = ({ revoked, tokens }: RevokedTokens) => ({ revoked, tokens: tokens.map(representToken) });
      if (body.dryRun) {
        return ok(represent(await server.storage.listRevocableTokens(caller.record.organization.id, revocation)));
      }
      requireRecentSignIn(caller, server.storage.now());
      const { result, receipt } = await revokeTokens(server, caller, revocation);
      return ok({ ...represent(result), receipt: representReceipt(receipt) }, { receipt });
    },
  });
}

function parseRevocation(body: Type.Static<typeof TokenRevocationInput>): TokenRevocation {
  const { accountId, createdBy, createdBefore, unusedSince } = body;
  if ([accountId, createdBy, createdBefore, unusedSince].every((condition) => condition === undefined)) {
    throw invalidField('', 'must name at least one of accountId, createdBy, createdBefore and unusedSince');
  }
  // A condition that can match nothing would pass for a revocation that was done.
  if (createdBy !== undefined && !parsePrincipal(createdBy)) {
    throw invalidField('/createdBy', 'must be the id of a principal');
  }
  return {
    accountId: accountId === undefined ? null : parseAccountId(accountId),
    createdBy: createdBy ?? null,
    createdBefore: createdBefore === undefined ? null : parseTime(createdBefore, '/createdBefore'),
    unusedSince: unusedSince === undefined ? null : parseTime(unusedSince, '/unusedSince'),
  };
}

/** Of a service account, or of a member. Throws `service_account.not_found`. */
function parseAccountId(text: string): PrincipalId {
  const id = parsePrincipal(text);
  if (!id) throw new DomainError('service_account.not_found');
  return id;
}

async function requireAccount(
  server: Server,
  caller: Authorized<'token.delete'>,
  { accountId }: TokenRevocation,
): Promise<void> {
  if (accountId === null) return;
  const account = await server.storage.findPrincipal(caller.record.organization.id, accountId);
  if (!account) throw new DomainError('service_account.not_found');
}
