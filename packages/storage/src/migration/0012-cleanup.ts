import type { ColumnTypes, Migration } from './migrate.ts';

/** Who sweeps now, and how far the sweep has come. */
export const cleanup: Migration = { number: 12, name: 'cleanup', statements };

function statements({ text, integer, table }: ColumnTypes): readonly string[] {
  return [
    `create table cleanup (
      id ${integer} primary key,
      claimed_until ${integer} not null,
      token_cursor ${text} not null,
      token_next_at ${integer} not null,
      organization_cursor ${text} not null,
      organization_next_at ${integer} not null,
      change_cursor ${integer} not null
    )${table}`,
    `insert into cleanup values (1, 0, '', 0, '', 0, 0)`,
    `create index auth_session_by_end on auth_session (expires_at)`,
    `create index setup_link_by_end on setup_link (expires_at)`,
  ];
}
