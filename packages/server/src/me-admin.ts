import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { requirePerson } from './me-session.ts';
import { declareRoute } from './route.ts';
import { Closed, RefTo } from './schema.ts';
import type { Server } from './server.ts';

/** Enough for somebody to ask; more would be a directory. */
const NAMED_MAX = 10;

const AdminName = Closed(
  { displayName: Type.String() },
  { $id: 'AdminName', description: 'A person who may do everything in the organization' },
);
const AdminNames = Closed({ items: Type.Array(RefTo(AdminName)) }, { $id: 'AdminNames' });

export const ME_ADMIN_SCHEMAS = [AdminName, AdminNames];

export function meAdminRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/me/admins',
    operation: 'listOwnAdmins',
    tag: 'Me',
    summary: 'Whom can I ask?',
    description: `The names, and nothing else, of people who have joined and are organization admins: ${NAMED_MAX} at most.`,
    permission: null,
    alsoFails: [403],
    reason: 'A person who is refused something may learn whom to ask for it.',
    answers: { 200: { description: 'Their names, in order', body: AdminNames } },
    async act({ caller }) {
      await requirePerson(server, caller);
      const { items } = await server.storage.listMembers(caller.record.organization.id, {
        limit: NAMED_MAX,
        after: null,
        search: null,
        status: 'active',
        organizationRole: 'admin',
      });
      return ok({ items: items.map(({ displayName }) => ({ displayName })) });
    },
  });
}
