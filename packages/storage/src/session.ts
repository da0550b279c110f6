import type { Actor, OrganizationId, SessionRecord } from '@postern/core';
import type { Kysely } from 'kysely';
import { factColumns, toOrganizationFacts, toPrincipalFacts } from './access-facts.ts';
import type { JsonRows } from './json-text.ts';
import type { Schema } from './schema.ts';

/** Whom a session is of, as it is in this transaction; undefined once the session or the membership has ended. */
export async function findSessionRecord(
  db: Kysely<Schema>,
  json: JsonRows,
  organizationId: OrganizationId,
  actor: Extract<Actor, { kind: 'session' }>,
  at: number,
): Promise<SessionRecord | undefined> {
  const row = await db
    .selectFrom('auth_session')
    .innerJoin('principal', 'principal.user_id', 'auth_session.user_id')
    .innerJoin('organization', 'organization.id', 'principal.organization_id')
    .select('auth_session.created_at as signed_in_at')
    .select(factColumns(db, json))
    .where('auth_session.id', '=', actor.sessionId)
    .where('auth_session.expires_at', '>', new Date(at).toISOString())
    .where('principal.id', '=', actor.memberId)
    .where('principal.organization_id', '=', organizationId)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    session: { id: actor.sessionId, signedInAt: Date.parse(row.signed_in_at) },
    token: null,
    principal: toPrincipalFacts(row),
    organization: toOrganizationFacts(row),
  };
}
