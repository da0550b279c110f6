import type { ColumnTypes, Migration } from './migrate.ts';

/** What verifiers outside report, and which of them are waited for. */
export const usageReport: Migration = { number: 7, name: 'usage_report', statements };

function statements({ text, integer, clustered }: ColumnTypes): readonly string[] {
  return [
    `create table usage_report (
      organization_id ${text} not null references organization (id),
      report_id ${text} not null,
      at ${integer} not null,
      primary key (organization_id, report_id)
    )${clustered}`,
    `create index usage_report_at on usage_report (organization_id, at)`,
    `create table verifier (
      organization_id ${text} not null references organization (id),
      principal_id ${text} not null,
      id ${text} not null,
      complete_until ${integer} not null,
      seen_at ${integer} not null,
      primary key (organization_id, principal_id, id)
    )${clustered}`,
  ];
}
