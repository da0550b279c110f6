import type { ErrorCode } from '@postern/core';

interface Unique {
  /** The index, as PostgreSQL names it in its error. */
  readonly index: string;
  /** A column of it that no other index of the table has, as SQLite names it in its error. */
  readonly column: string;
  readonly code: ErrorCode;
}

/** What must be unique in an organization, and what it means when it would not be. */
const UNIQUE: readonly Unique[] = [
  {
    index: 'service_account_external_id',
    column: 'principal.external_id',
    code: 'service_account.external_id_taken',
  },
  { index: 'member_email', column: 'principal.email', code: 'member.email_taken' },
  { index: 'auth_user_email_key', column: 'auth_user.email', code: 'user.email_taken' },
  { index: 'principal_group_name', column: 'principal_group.name_key', code: 'group.name_taken' },
  { index: 'principal_group_external_id', column: 'principal_group.external_id', code: 'group.external_id_taken' },
  { index: 'workspace_name', column: 'workspace.name_key', code: 'workspace.name_taken' },
  { index: 'workspace_external_id', column: 'workspace.external_id', code: 'workspace.external_id_taken' },
  { index: 'role_name', column: 'role.name_key', code: 'role.name_taken' },
  { index: 'registered_permission_pkey', column: 'registered_permission.name', code: 'permission.name_taken' },
];

export function codeOfIndex(index: string | undefined): ErrorCode | undefined {
  return UNIQUE.find((unique) => unique.index === index)?.code;
}

/** `message`: "UNIQUE constraint failed: table.column, table.column". */
export function codeOfMessage(message: string): ErrorCode | undefined {
  const columns = message.slice(message.indexOf(':') + 1).split(',');
  return UNIQUE.find(({ column }) => columns.some((each) => each.trim() === column))?.code;
}
