import type { AuditEvent } from '@postern/sdk';
import { expect, test } from 'vitest';
import { eventSentence } from './event-sentence.ts';

const ADA = { kind: 'member', id: 'mem_1', displayName: 'Ada', tokenId: null } as const;

function sentence(event: Partial<AuditEvent>): string {
  const target = { kind: 'token', id: 'tok_1', displayName: 'ci' } as const;
  return eventSentence({ actor: ADA, target, outcome: 'done', code: null, details: {}, ...event } as AuditEvent);
}

test('what was done is told with the name of what it was done to', () => {
  expect(sentence({ action: 'token.refresh' })).toBe('refreshed token ci');
  expect(sentence({ action: 'role.update' })).toBe('changed role ci');
});

test('an action that says all by itself names nothing', () => {
  expect(sentence({ action: 'session.create' })).toBe('signed in');
  expect(sentence({ action: 'member.join' })).toBe('accepted the invitation');
});

test('what has no name leaves no gap', () => {
  expect(sentence({ action: 'token.delete', target: null })).toBe('deleted token');
});

test('a role that was given is named', () => {
  expect(sentence({ action: 'group_member.set', details: { from: null, to: 'manager' } })).toBe(
    'gave somebody the role manager in group ci',
  );
  expect(sentence({ action: 'workspace_group.set', details: { to: { id: 'role_1', name: 'viewer' } } })).toBe(
    'gave a group the role viewer in workspace ci',
  );
});

test('who was given a role, or lost it, is named as it was called then', () => {
  const details = { principalId: 'sa_1', principalName: 'nightly-import', from: null, to: 'manager' };
  const of = { action: 'group_member.set', details } as const;
  expect(sentence(of)).toBe('gave nightly-import the role manager in group ci');
  expect(sentence({ ...of, action: 'group_member.remove' })).toBe('took nightly-import out of group ci');
  const viewer = { id: 'role_1', name: 'viewer' };
  const lost = { principalId: 'sa_1', principalName: 'a role for somebody *', from: viewer, to: null };
  expect(sentence({ action: 'workspace_member.remove', details: lost })).toBe(
    'took the role viewer in workspace ci from a role for somebody *',
  );
  const carried = { groupId: 'grp_1', groupName: 'importers', from: null, to: viewer };
  expect(sentence({ action: 'workspace_group.set', details: carried })).toBe(
    'gave group importers the role viewer in workspace ci',
  );
});

test('an event of before that, and a refused one, names nobody', () => {
  const details = { principalId: 'sa_1', from: { id: 'role_1', name: 'viewer' }, to: null };
  expect(sentence({ action: 'workspace_member.remove', details })).toBe(
    'took the role viewer in workspace ci from somebody',
  );
  expect(sentence({ action: 'workspace_group.remove' })).toBe('took a role in workspace ci from a group');
  expect(sentence({ action: 'group_member.remove', outcome: 'refused', code: 'permission.missing' })).toBe(
    'was refused (permission missing): took somebody out of group ci',
  );
});

test('a refusal says why, and one without a code is told of as what it is', () => {
  expect(sentence({ action: 'token.delete', outcome: 'refused', code: 'permission.denied' })).toBe(
    'was refused (permission denied): deleted token ci',
  );
  expect(sentence({ action: 'session.refuse', outcome: 'refused' })).toBe('failed to sign in');
});

test('a name is taken as it is', () => {
  const target = { kind: 'token', id: 'tok_1', displayName: '$& *' } as const;
  expect(sentence({ action: 'token.create', target })).toBe('added token $& *');
});
