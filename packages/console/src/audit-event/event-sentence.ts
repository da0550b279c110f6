import type { AuditEvent } from '@postern/sdk';

/**
 * Where the words do not follow from the action's name; `*` is the name of what it was done to. "somebody", "a group" and "a
 * role" say who and which, where the event holds it.
 */
const PHRASES: Readonly<Record<string, string>> = {
  'organization.set_plan': 'set the plan of *',
  'organization.setup_link': 'made a set-up link',
  'organization.setup': 'set up *',
  'organization.restore': 'restored * from a backup',
  'organization.release': 'released the tokens of the backup',
  'organization.delete_tokens': 'deleted all tokens of the backup',
  'group_member.set': 'gave somebody a role in group *',
  'group_member.remove': 'took somebody out of group *',
  'workspace_member.set': 'gave somebody a role in workspace *',
  'workspace_member.remove': 'took a role in workspace * from somebody',
  'workspace_group.set': 'gave a group a role in workspace *',
  'workspace_group.remove': 'took a role in workspace * from a group',
  'member.invite': 'invited *',
  'member.resend': 'made a new invitation for *',
  'member.join': 'accepted the invitation',
  'session.create': 'signed in',
  'session.refuse': 'failed to sign in',
  'session.end': 'ended a session',
  'password.change': 'changed the password',
  'password.reset': 'set a new password',
  'password.reset_request': 'asked for a link to set a new password',
  'totp.enable': 'switched on two-step sign-in',
  'totp.disable': 'switched off two-step sign-in',
  'token.create': 'added token *',
  'token.refresh': 'refreshed token *',
  'token.end_overlap': 'ended the old value of token *',
  'token.delete_all': 'deleted all tokens of *',
  'token.revoke': 'revoked tokens in bulk',
  'token.leak_reported': 'reported a leak of token *',
  'token.value_replayed': 'was shown the value of a token again',
  'token.use_refused': 'refused a value of token *',
};

const VERBS: Readonly<Record<string, string>> = {
  create: 'created',
  update: 'changed',
  delete: 'deleted',
  enable: 'enabled',
  disable: 'disabled',
};

const NAMED = /\*|somebody|a group|a role/g;

/** What follows the actor's name: "refreshed token ci", "was refused (permission denied): deleted group importers". */
export function eventSentence({ action, outcome, code, target, details }: AuditEvent): string {
  const [noun = '', verb = ''] = action.split('.');
  const phrase = PHRASES[action] ?? `${VERBS[verb] ?? words(verb)} ${words(noun)} *`;
  const name = target?.displayName ?? '';
  const sentence = phrase
    .replaceAll(NAMED, (words) => (words === '*' ? name : (nameIn(words, details) ?? words)))
    .trimEnd();
  // Without a code it is the refusal itself that is told of.
  return outcome === 'refused' && code !== null ? `was refused (${words(code)}): ${sentence}` : sentence;
}

/** What the words stand for; undefined where the event does not hold it, as older ones do not hold names. */
function nameIn(words: string, { principalName, groupName, to, from }: AuditEvent['details']): string | undefined {
  if (words === 'somebody') return typeof principalName === 'string' ? principalName : undefined;
  if (words === 'a group') return typeof groupName === 'string' ? `group ${groupName}` : undefined;
  // The role in a group is a name, that in a workspace has an id as well.
  const role = to ?? from;
  const name = typeof role === 'object' && role !== null && 'name' in role ? role.name : role;
  return typeof name === 'string' ? `the role ${name}` : undefined;
}

function words(name: string): string {
  return name.replaceAll(/[._]/g, ' ');
}
