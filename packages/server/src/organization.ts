import { DomainError, formatTime, PLANS } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { declareRoute } from './route.ts';
import { Closed, OneOf, Time } from './schema.ts';
import type { Server } from './server.ts';

const OrganizationSchema = Closed(
  { id: Type.String(), name: Type.String(), plan: OneOf(PLANS), createdAt: Time() },
  { $id: 'Organization' },
);

export const ORGANIZATION_SCHEMAS = [OrganizationSchema];

export function organizationRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/organization',
    operation: 'getOrganization',
    tag: 'Organization',
    summary: "Read the caller's organization",
    permission: 'organization.read',
    answers: { 200: { description: 'The organization', body: OrganizationSchema } },
    async act({ caller }) {
      const organization = await server.storage.findOrganization(caller.record.organization.id);
      if (!organization) throw new DomainError('internal', { internal: "the caller's organization is not there" });
      const { id, name, plan, createdAt, version } = organization;
      return ok({ id, name, plan, createdAt: formatTime(createdAt) }, { version });
    },
  });
}
