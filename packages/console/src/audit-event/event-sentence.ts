import type { AuditEvent } from '@postern/sdk';

/** Where the words do not follow from the action's name; `*` is the name of what it was done to. */
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
  'workspace_member.remove': 'took somebody’s role in workspace *',
  'workspace_group.set': 'gave a group a role in workspace *',
  'workspace_group.remove': 'took a group’s role in workspace *',
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

/** What follows the actor's name: "refreshed token ci", "was refused (permission denied): deleted group importers". */
export function eventSentence({ action, outcome, code, target, details }: AuditEvent): string {
  const [noun = '', verb = ''] = action.split('.');
  const phrase = PHRASES[action] ?? `${VERBS[verb] ?? words(verb)} ${words(noun)} *`;
  const name = target?.displayName ?? '';
  const sentence = withRole(phrase, details)
    .replace('*', () => name)
    .trimEnd();
  // Without a code it is the refusal itself that is told of.
  return outcome === 'refused' && code !== null ? `was refused (${words(code)}): ${sentence}` : sentence;
}

/** "a role" says which, where that is known: a group's has only a name, a workspace's an id as well. */
function withRole(phrase: string, { to }: AuditEvent['details']): string {
  const name = typeof to === 'object' && to !== null && 'name' in to ? to.name : to;
  return typeof name === 'string' ? phrase.replace('a role', () => `the role ${name}`) : phrase;
}

function words(name: string): string {
  return name.replaceAll(/[._]/g, ' ');
}
