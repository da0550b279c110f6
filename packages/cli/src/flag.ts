import type { CommandFlag } from './command.ts';

/** Flags that several commands have. */
export type Flags = Readonly<Record<string, CommandFlag>>;

/** Of everything that calls the API. */
export const CLIENT_FLAGS: Flags = {
  profile: { value: 'name', summary: 'The profile to use; POSTERN_PROFILE otherwise, then `default`' },
  json: { summary: 'Print one JSON document; errors, too' },
};

/** Of every list. */
export const LIST_FLAGS: Flags = {
  ndjson: { summary: 'Print one JSON document a line' },
  limit: { value: 'number', summary: 'How many at most; 50 if absent' },
  all: { summary: 'All of them' },
};

/** Of the lists that are no calls of the API. */
export const OPERATOR_LIST_FLAGS: Flags = { ...LIST_FLAGS, json: { summary: 'Print one JSON document' } };

/** Of what ends something for good. */
export const END_FLAGS: Flags = {
  yes: { summary: 'Do not ask; needed where there is no terminal to ask on' },
  'dry-run': { summary: 'Say what would end, and do nothing' },
};

/** Of what answers a token value. */
export const VALUE_FLAGS: Flags = {
  out: { value: 'file', summary: 'Write the value to this new file (mode 0600) and not to stdout' },
  pipe: { value: 'command', summary: 'Hand the value to the standard input of this command, and not to stdout' },
};

export const RESTRICTION_FLAGS: Flags = {
  permission: { value: 'name', many: 'commas', names: 'permission', summary: 'Narrow the token to this permission' },
  workspace: { value: 'name', many: 'commas', names: 'workspace', summary: 'Narrow the token to this workspace' },
  network: { value: 'cidr', many: 'commas', summary: 'Narrow the token to calls from this network' },
};

export const EXPIRES = 'A duration like 90d or 24h, a time, or `never`';
