import type { ColumnTypes, Migration } from './migrate.ts';

/**
 * Which service accounts and members an audit event concerns, in the order in which they are read: it did it, or it was done to
 * it, to one of its tokens or to a role of it. For the events that are there it is found where the data still says it: of a
 * token that is gone by what the event holds, of a revocation in bulk by the tokens that ended with it.
 */
export const concern: Migration = { number: 14, name: 'concern', statements };

function statements({ text, integer, clustered, jsonField }: ColumnTypes): readonly string[] {
  const columns = 'organization_id, principal_id, at, event_id';
  const field = (name: string): string => jsonField('event.details', name);
  return [
    `create table audit_event_principal (
      organization_id ${text} not null,
      principal_id ${text} not null,
      at ${integer} not null,
      event_id ${text} not null,
      primary key (${columns})
    )${clustered}`,
    `insert into audit_event_principal (${columns})
      select event.organization_id, event.actor_id, event.at, event.id from audit_event event
        where event.actor_kind in ('service_account', 'member') and event.actor_id is not null
      union
      select event.organization_id, event.target_id, event.at, event.id from audit_event event
        where event.target_kind in ('service_account', 'member') and event.target_id is not null
          and (event.outcome = 'done' or exists (select 1 from principal
            where principal.id = event.target_id and principal.organization_id = event.organization_id))
      union
      select event.organization_id, token.account_id, event.at, event.id from audit_event event
        join token on token.id = event.target_id and token.organization_id = event.organization_id
        where event.target_kind = 'token'
      union
      select event.organization_id, ${field('accountId')}, event.at, event.id from audit_event event
        where (event.target_kind = 'token' or event.action = 'token.revoke') and ${field('accountId')} is not null
      union
      select event.organization_id, ${field('principalId')}, event.at, event.id from audit_event event
        where event.target_kind in ('group', 'workspace') and ${field('principalId')} is not null
      union
      select event.organization_id, token.account_id, event.at, event.id from audit_event event
        join token on token.organization_id = event.organization_id and token.deleted_at = event.at
        where event.action in ('token.revoke', 'organization.delete_tokens') and event.outcome = 'done'`,
  ];
}
