import type { Actor, OrganizationId, SessionRecord } from '@postern/core';
import type { Kysely } from 'kysely';
import { factColumns, toOrganizationFacts, toPrincipalFacts } from './access-facts.ts';
import { fixedStatement } from './fixed-statement.ts';
import type { JsonRows } from './json-text.ts';
import type { Schema } from './schema.ts';

const sessionRecord = fixedStatement(
  (db, of: { sessionId: string; at: string; memberId: string; organizationId: string }, json: JsonRows) =>
    db
      .selectFrom('auth_session')
      .innerJoin('principal', 'principal.user_id', 'auth_session.user_id')
      .innerJoin('organization', 'organization.id', 'principal.organization_id')
      .select('auth_session.created_at as signed_in_at')
      .select(factColumns(db, json))
      .where('auth_session.id', '=', of.sessionId)
      .where('auth_session.expires_at', '>', of.at)
      .where('principal.id', '=', of.memberId)
      .where('principal.organization_id', '=', of.organizationId),
);

/** Whom a session is of, as it is in this transaction; undefined once the session or the membership has ended. */
export async function findSessionRecord(
  db: Kysely<Schema>,
  json: JsonRows,
  organizationId: OrganizationId,
  { sessionId, memberId }: Extract<Actor, { kind: 'session' }>,
  at: number,
): Promise<SessionRecord | undefined> {
  const of = { sessionId, at: new Date(at).toISOString(), memberId, organizationId };
  const [row] = await sessionRecord(db, of, json);
  if (!row) return undefined;
  return {
    session: { id: sessionId, signedInAt: Date.parse(row.signed_in_at) },
    token: null,
    principal: toPrincipalFacts(row),
    organization: toOrganizationFacts(row),
  };
}
