import type { AuditEvent } from '@postern/sdk';

/** Where the words do not follow from the action's name; what it was done to follows them. */
const PHRASES: Readonly<Record<string, string>> = {
  'organization.set_plan': 'set the plan of',
  'setup.open': 'made a set-up link for',
  'setup.complete': 'set the organization up as its first admin,',
  'group_member.set': 'gave a role in group',
  'group_member.remove': 'took somebody out of group',
  'workspace_member.set': 'gave a role in workspace',
  'workspace_member.remove': 'took a role in workspace',
  'workspace_group.set': 'gave a group a role in workspace',
  'workspace_group.remove': 'took a group’s role in workspace',
  'member.invite': 'invited',
  'member.resend': 'made a new invitation for',
  'member.join': 'joined as',
  'session.create': 'signed in',
  'session.refuse': 'could not sign in',
  'session.end': 'ended a session',
  'service_account.disable': 'disabled service account',
  'service_account.enable': 'enabled service account',
  'token.create': 'added token',
  'token.refresh': 'refreshed token',
  'token.end_overlap': 'ended the old value of token',
  'token.delete_all': 'deleted all tokens of',
  'token.revoke': 'revoked token',
  'token.value_replayed': 'was shown again the value of token',
  'token.use_refused': 'refused a value that no longer works, of token',
};

const VERBS: Readonly<Record<string, string>> = {
  create: 'created',
  update: 'changed',
  delete: 'deleted',
  reset: 'reset',
  change: 'changed',
  enable: 'switched on',
  disable: 'switched off',
};

/** "refreshed token ci", "was refused (…): deleted service account nightly-import". */
export function eventSentence({ action, outcome, code, target, actor }: AuditEvent): string {
  const [noun = '', verb = ''] = action.split('.');
  const phrase = PHRASES[action] ?? `${VERBS[verb] ?? verb.replaceAll('_', ' ')} ${noun.replaceAll('_', ' ')}`;
  // Who signs in is who acts: once is enough.
  const name = target?.displayName && target.id !== actor.id ? ` ${target.displayName}` : '';
  return outcome === 'refused' ? `was refused (${code ?? 'no reason'}): ${phrase}${name}` : `${phrase}${name}`;
}
