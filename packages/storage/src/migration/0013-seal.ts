import type { ColumnTypes, Migration } from './migrate.ts';

/**
 * Ten thousand tokens that end at once are written once each. Sealed values are apart from the answers that they belong to, in
 * the order of whose tokens they are: those of an account are removed in one stretch, and no answer is written anew. And only
 * the sweep looks for tokens that ended long ago, in the order of their ids.
 */
export const seal: Migration = { number: 13, name: 'seal', statements };

function statements({ text, clustered }: ColumnTypes): readonly string[] {
  return [
    `create table idempotency_seal (
      organization_id ${text} not null,
      account_id ${text} not null,
      token_id ${text} not null,
      row_key ${text} not null,
      sealed ${text} not null,
      primary key (organization_id, account_id, token_id, row_key)
    )${clustered}`,
    `insert into idempotency_seal (organization_id, account_id, token_id, row_key, sealed)
      select organization_id, account_id, token_id, row_key, sealed from idempotency
      where sealed is not null and account_id is not null and token_id is not null`,
    `drop index idempotency_sealed`,
    `alter table idempotency drop column sealed`,
    `alter table idempotency drop column superseded`,
    `drop index token_by_deletion`,
  ];
}
