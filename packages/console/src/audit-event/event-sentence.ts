import type { AuditEvent } from '@postern/sdk';

/** What stands in for actions whose words do not follow from their name. */
const PHRASES: Readonly<Record<string, string>> = {
  'token.create': 'added token',
  'token.refresh': 'refreshed token',
  'token.delete': 'deleted token',
  'token.delete_all': 'deleted all tokens of',
  'token.end_overlap': 'ended the old value of',
  'token.use_refused': 'was shown a value that no longer works, of token',
  'service_account.disable': 'disabled',
  'service_account.enable': 'enabled',
  'service_account.create': 'created service account',
  'service_account.delete': 'deleted service account',
  'service_account.update': 'changed',
  'session.create': 'signed in',
  'session.end': 'signed out',
};

/** "refreshed token ci", "was refused: deleted service account nightly-import". */
export function eventSentence({ action, outcome, code, target }: AuditEvent): string {
  const phrase = PHRASES[action] ?? action.replaceAll(/[._]/g, ' ');
  const name = target?.displayName ? ` ${target.displayName}` : '';
  return outcome === 'refused' ? `was refused (${code ?? 'no'}): ${phrase}${name}` : `${phrase}${name}`;
}
