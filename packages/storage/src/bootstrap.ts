import {
  type AuditAction,
  type AuditEventId,
  type AuditTarget,
  type Bootstrap,
  type ChangeKind,
  type Creator,
  OPEN_POLICY,
} from '@postern/core';
import { insertAuditEvent, OPERATOR_NAME } from './audit-event.ts';
import type { MutationScope } from './mutation.ts';
import type { Reading } from './reading.ts';
import { newServiceAccountRow } from './service-account.ts';
import { insertToken } from './token.ts';

const OPERATOR: Creator = { kind: 'operator', id: null, displayName: OPERATOR_NAME };

interface Step {
  readonly eventId: AuditEventId;
  readonly action: AuditAction;
  readonly kind: ChangeKind;
  readonly target: AuditTarget;
}

export async function hasBootstrapped({ db }: Reading): Promise<boolean> {
  return (await db.selectFrom('bootstrap').select('id').executeTakeFirst()) !== undefined;
}

/** Organization, account and token in one transaction, each with its audit event and its change; never a second time. */
export function bootstrap({ engine, nonce }: MutationScope, input: Bootstrap): Promise<boolean> {
  const { organization, account, token, at } = input;
  return engine.transact(async (db) => {
    // Of two first starts at once, one waits here until the other has committed.
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('bootstrap')
      .values({ id: 1, at })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 0n) return { value: false, changes: [] };
    const steps = stepsOf(input);
    await db
      .insertInto('organization')
      .values({
        ...organization,
        token_policy: JSON.stringify(OPEN_POLICY),
        created_at: at,
        version: 1,
        change_position: steps.length,
      })
      .execute();
    await db
      .insertInto('service_account')
      .values(newServiceAccountRow(account, organization.id, OPERATOR, at))
      .execute();
    await insertToken(db, token, organization.id, { creator: OPERATOR, mintedBy: null, at });
    for (const { eventId, action, target } of steps) {
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
        requestId: null,
        address: null,
        userAgent: null,
      });
    }
    const changes = steps.map(({ kind, target }, index) => ({
      nonce,
      organizationId: organization.id,
      organizationPosition: index + 1,
      kind,
      subjectId: target.id,
    }));
    return { value: true, changes };
  });
}

function stepsOf({ eventIds, organization, account, token }: Bootstrap): readonly Step[] {
  return [
    {
      eventId: eventIds[0],
      action: 'organization.create',
      kind: 'organization',
      target: { kind: 'organization', id: organization.id, displayName: organization.name },
    },
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
    },
  ];
}
