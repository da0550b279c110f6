import { deleteQuarantinedTokens, releaseOrganization, requireRecentSignIn } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { OrganizationSchema, representOrganization } from './organization.ts';
import { declareRoute } from './route.ts';
import { Closed } from './schema.ts';
import type { Server } from './server.ts';

const DeletedTokens = Closed({ deleted: Type.Integer() }, { $id: 'QuarantinedTokensDeleted' });

export const QUARANTINE_SCHEMAS = [DeletedTokens];

const TAG = 'Organization';
const URL = '/api/v1/organization/quarantine';

/** After a restore: what becomes of the tokens that wait. Whoever asks has signed in, since no token works until then. */
export function quarantineRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: `${URL}/release`,
    operation: 'releaseOrganization',
    tag: TAG,
    summary: 'Let the tokens work again that wait since a restore',
    description:
      'Whatever was revoked since the backup stays revoked. Nothing changes where nothing waits. 409 where the database was restored without a journal.',
    permission: 'organization.update',
    audit: {
      action: 'organization.release',
      target: (_params, { record }) => ({ kind: 'organization', id: record.organization.id, displayName: null }),
    },
    answers: { 200: { description: 'The organization', body: OrganizationSchema } },
    async act({ caller, options }) {
      requireRecentSignIn(caller, server.storage.now());
      const { result, receipt } = await releaseOrganization(server, caller, options);
      return ok(representOrganization(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'POST',
    url: `${URL}/delete-tokens`,
    operation: 'deleteQuarantinedTokens',
    tag: TAG,
    summary: 'Delete all tokens of the organization that wait since a restore',
    description: 'For good; the accounts stay. Nothing is deleted where nothing waits.',
    permission: 'organization.update',
    audit: {
      action: 'organization.delete_tokens',
      target: (_params, { record }) => ({ kind: 'organization', id: record.organization.id, displayName: null }),
    },
    answers: { 200: { description: 'How many were deleted', body: DeletedTokens } },
    async act({ caller, options }) {
      requireRecentSignIn(caller, server.storage.now());
      const { result, receipt } = await deleteQuarantinedTokens(server, caller, options);
      return ok({ deleted: result }, { receipt });
    },
  });
}
