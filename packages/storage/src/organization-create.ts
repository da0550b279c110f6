import {
  type AuditAction,
  type AuditEventId,
  type AuditTarget,
  type Bootstrap,
  type ChangeKind,
  type Creator,
  type LeakResponse,
  OPEN_POLICY,
  type Organization,
} from '@postern/core';
import type { Kysely } from 'kysely';
import { insertAuditEvent, OPERATOR_NAME } from './audit-event.ts';
import { type NewChange, runWrites } from './engine.ts';
import type { Commit, MutationScope } from './mutation.ts';
import type { Schema } from './schema.ts';
import { newServiceAccountRow } from './service-account.ts';
import { tokenWrites } from './token-create.ts';

const LEAK_RESPONSE: LeakResponse = 'revoke';
const OPERATOR: Creator = { kind: 'operator', id: null, displayName: OPERATOR_NAME };

interface Step {
  readonly eventId: AuditEventId;
  readonly action: AuditAction;
  readonly kind: ChangeKind;
  readonly target: AuditTarget;
  readonly concerned?: readonly string[];
}

/** A mutation of an organization that is not there yet: so nothing has to be locked, and there is no actor but the operator. */
export function createOrganization({ engine, nonce }: MutationScope, input: Bootstrap): Promise<Commit<Organization>> {
  return engine.transact(async (db) => {
    const changes = await insertOrganization(db, input, nonce);
    const { id, name, plan } = input.organization;
    const leakResponse = LEAK_RESPONSE;
    const result = {
      ...{ id, name, plan, tokenPolicy: OPEN_POLICY, leakResponse },
      ...{ quarantine: null, createdAt: input.at, version: 1 },
    };
    return { value: { result, changed: true, replay: null, position: changes.length, revocation: null }, changes };
  });
}

/** Writes organization and admin, each part with its audit event; returns the change of each. */
export async function insertOrganization(
  db: Kysely<Schema>,
  input: Bootstrap,
  nonce: string,
): Promise<readonly NewChange[]> {
  const { organization, admin, at } = input;
  const steps = stepsOf(input);
  await db
    .insertInto('organization')
    .values({
      ...organization,
      token_policy: JSON.stringify(OPEN_POLICY),
      leak_response: LEAK_RESPONSE,
      created_at: at,
      version: 1,
      change_position: steps.length,
    })
    .execute();
  if (admin) {
    const row = newServiceAccountRow(admin.account, organization.id, OPERATOR, at);
    await db.insertInto('principal').values(row).execute();
    await runWrites(db, tokenWrites(db, admin.token, organization.id, { creator: OPERATOR, mintedBy: null, at }));
  }
  for (const { eventId, action, target, concerned = [] } of steps) {
    await insertAuditEvent(db, {
      id: eventId,
      organizationId: organization.id,
      at,
      action,
      outcome: 'done',
      code: null,
      actor: { ...OPERATOR, kind: 'operator', tokenId: null },
      target,
      details: {},
      concerned,
      requestId: null,
      address: null,
      userAgent: null,
    });
  }
  return steps.map(({ kind, target }, index) => ({
    nonce,
    organizationId: organization.id,
    organizationPosition: index + 1,
    kind,
    subjectId: target.id,
  }));
}

function stepsOf({ eventIds, organization, admin }: Bootstrap): readonly Step[] {
  const first: Step = {
    eventId: eventIds[0],
    action: 'organization.create',
    kind: 'organization',
    target: { kind: 'organization', id: organization.id, displayName: organization.name },
  };
  if (!admin) return [first];
  const { account, token } = admin;
  return [
    first,
    {
      eventId: eventIds[1],
      action: 'service_account.create',
      kind: 'service_account',
      target: { kind: 'service_account', id: account.id, displayName: account.displayName },
    },
    {
      eventId: eventIds[2],
      action: 'token.create',
      kind: 'token',
      target: { kind: 'token', id: token.id, displayName: token.name },
      concerned: [account.id],
    },
  ];
}
