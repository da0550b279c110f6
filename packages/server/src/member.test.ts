import { createFirstMember } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import type { Door } from '../test/door.ts';
import { totpCode } from '../test/people.ts';
import { cookieOf, ORIGIN, openDoorOfPeople, PASSWORD, signIn } from '../test/person.ts';

const ADA = 'ada@example.com';
const BOB = 'bob@example.com';
const MINUTE_MS = 60_000;

describe.each(engines)('people on $name', (engine) => {
  let door: Door;
  let ada: string;

  beforeEach(async () => {
    door = await openDoorOfPeople(engine, ADA);
    ada = await signIn(door, ADA);
  });
  afterEach(() => door.close());

  const as = (cookie: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    door.call(method, `/api/v1${path}`, {
      token: null,
      headers: { cookie, origin: ORIGIN, ...headers },
      ...(body !== undefined && { body }),
    });

  async function invite(cookie: string, email: string, organizationRole = 'member') {
    const answer = await as(cookie, 'POST', '/members', { emails: [email], organizationRole });
    expect(answer.status, answer.text).toBe(200);
    const { invitation } = answer.body.items[0];
    return { id: invitation.member.id as string, value: invitation.link.split('#')[1] as string };
  }

  const accept = (invitation: string, name = 'Bob') =>
    door.call('POST', '/api/v1/invitations/accept', { token: null, body: { invitation, name, password: PASSWORD } });

  async function join(email: string, organizationRole = 'member') {
    const { id, value } = await invite(ada, email, organizationRole);
    expect((await accept(value)).status).toBe(200);
    return { id, cookie: await signIn(door, email) };
  }

  test('the first person signs in and is an admin; nobody else becomes the first', async () => {
    expect((await as(ada, 'GET', '/me')).body).toMatchObject({
      kind: 'member',
      displayName: 'Ada',
      organizationRole: 'admin',
      organization: { name: 'Acme' },
    });
    expect((await as(ada, 'GET', '/me')).body.token).toBeUndefined();
    const user = { id: 'usr_x', name: 'Eve', passwordHash: 'x', email: 'eve@example.com' };
    expect(await createFirstMember(door.server, user)).toBeUndefined();
    expect(await door.listEvents('&action=session.create')).toMatchObject([{ outcome: 'done' }]);
  });

  test('an invitation tells what it is for, lets in once, and then the person signs in', async () => {
    const { id, value } = await invite(ada, ' Bob@Example.com ');
    const inspect = () =>
      door.call('POST', '/api/v1/invitations/inspect', { token: null, body: { invitation: value } });
    expect((await inspect()).body).toMatchObject({ email: BOB, organization: 'Acme' });
    const joined = await accept(value);
    expect(joined.body).toEqual({ id, email: BOB, signedIn: true });
    expect((await as(cookieOf(joined), 'GET', '/me')).body).toMatchObject({ id });
    for (const again of [await accept(value), await inspect()]) {
      expect([again.status, again.body.code]).toEqual([400, 'invitation.invalid']);
    }
    const bob = await signIn(door, BOB);
    expect((await as(bob, 'GET', '/me')).body).toMatchObject({ id, displayName: 'Bob', organizationRole: 'member' });
    const refused = await as(bob, 'GET', '/members');
    expect([refused.status, refused.body.permission]).toEqual([403, 'member.read']);
    expect((await as(ada, 'GET', '/members?search=bob')).body.items).toMatchObject([
      { id, status: 'active', email: BOB },
    ]);
  });

  test('several at once: each by itself, and a known one is told so', async () => {
    const answer = await as(ada, 'POST', '/members', { emails: [BOB, ADA, 'cem@example.com'] });
    expect(answer.body.items.map((item: { code?: string }) => item.code)).toEqual([
      undefined,
      'member.email_taken',
      undefined,
    ]);
    const refused = await door.listEvents('&action=member.invite');
    expect(refused.filter(({ outcome }) => outcome === 'refused')).toMatchObject([{ code: 'member.email_taken' }]);
    const bad = await as(ada, 'POST', '/members', { emails: ['dan@example.com', 'nobody'] });
    expect([bad.status, bad.body.errors?.[0]?.path]).toEqual([400, '/emails/1']);
    expect((await as(ada, 'GET', '/members?search=dan')).body.items).toEqual([]);
  });

  test('a new invitation ends the one before, and seven days end each', async () => {
    const { id, value } = await invite(ada, BOB);
    const again = await as(ada, 'POST', `/members/${id}/resend`);
    expect((await accept(value)).body.code).toBe('invitation.invalid');
    const next = again.body.link.split('#')[1];
    door.database.clock.advance(7 * 24 * 60 * MINUTE_MS);
    expect((await accept(next)).body.code).toBe('invitation.invalid');
    const third = (await as(ada, 'POST', `/members/${id}/resend`)).body.link.split('#')[1];
    expect((await accept(third)).status).toBe(200);
    expect((await as(ada, 'POST', `/members/${id}/resend`)).body.code).toBe('member.joined');
  });

  test('an invitation is worth what whoever made it may still do', async () => {
    const bob = await join(BOB, 'admin');
    const { value } = await invite(bob.cookie, 'cem@example.com');
    await as(ada, 'PATCH', `/members/${bob.id}`, { organizationRole: 'member' });
    expect((await accept(value, 'Cem')).body.code).toBe('invitation.invalid');
  });

  test('an e-mail of another organization is invited like any other, and joins neither', async () => {
    await join(BOB);
    const outsider = await door.createOutsider();
    const theirs = await door.call('POST', '/api/v1/members', { token: outsider, body: { emails: [BOB] } });
    const { invitation } = theirs.body.items[0];
    expect(invitation.member).toMatchObject({ email: BOB, status: 'invited' });
    const answer = await accept(invitation.link.split('#')[1]);
    expect([answer.status, answer.body.code]).toEqual([409, 'user.email_taken']);
  });

  test('what changes something comes from a page of this server', async () => {
    const body = { name: 'x' };
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await as(ada, 'POST', '/groups', body, headers);
      expect([answer.status, answer.body.code]).toEqual([403, 'origin.foreign']);
    }
    const without = await door.call('POST', '/api/v1/groups', { token: null, headers: { cookie: ada }, body });
    expect([without.status, without.body.code]).toEqual([403, 'origin.foreign']);
    expect((await as(ada, 'POST', '/groups', body, { 'sec-fetch-site': 'same-origin' })).status).toBe(201);
    const both = await door.call('GET', '/api/v1/me', { headers: { cookie: ada } });
    expect([both.status, both.body.code]).toEqual([400, 'request.credentials_ambiguous']);
  });

  test('a cookie that is no session is refused, not anonymous', async () => {
    const answer = await as('__Host-postern_session=nonsense', 'GET', '/me');
    expect([answer.status, answer.body.code]).toEqual([401, 'session.invalid']);
  });

  test('owners of a service account are members who have joined, and go with them', async () => {
    const bob = await join(BOB);
    const cem = await join('cem@example.com');
    const invited = await invite(ada, 'dan@example.com');
    const outsider = await door.createOutsider();
    const theirs = await door.call('POST', '/api/v1/members', {
      token: outsider,
      body: { emails: ['eve@example.com'] },
    });
    const accounts = '/service-accounts';
    const made = await as(ada, 'POST', accounts, {
      ...{ displayName: 'Owned', organizationRole: 'member' },
      owners: [bob.id, cem.id, bob.id],
    });
    expect([made.status, made.body.owners]).toEqual([201, [bob.id, cem.id]]);
    const path = `${accounts}/${made.body.id}`;
    for (const stranger of [invited.id, theirs.body.items[0].invitation.member.id, made.body.id, 'nobody']) {
      const refused = await as(ada, 'PATCH', path, { owners: [cem.id, stranger] });
      expect([refused.status, refused.body.errors?.[0]?.path], stranger).toEqual([400, '/owners/1']);
    }
    const many = Array.from({ length: 21 }, () => bob.id);
    expect((await as(ada, 'PATCH', path, { owners: many })).body.errors?.[0]?.path).toBe('/owners');
    expect((await as(ada, 'PATCH', path, { description: 'x' })).body.owners).toEqual([bob.id, cem.id]);

    const others = [[bob.id], [cem.id, bob.id], [cem.id], []];
    for (const owners of others) {
      const body = { displayName: `Of ${owners.length}`, organizationRole: 'member', owners };
      expect((await as(ada, 'POST', accounts, body)).status).toBe(201);
    }
    const before = (await as(ada, 'GET', path)).headers['etag'];
    expect((await as(ada, 'DELETE', `/members/${bob.id}`)).status).toBe(204);
    const after = await as(ada, 'GET', path);
    expect(after.body.owners).toEqual([cem.id]);
    expect(after.headers['etag']).not.toBe(before);
    const listed = await as(ada, 'GET', accounts);
    const owned = listed.body.items.filter((item: { displayName: string }) => item.displayName.startsWith('Of '));
    const owners = owned.map((item: { owners: string[] }) => item.owners.join());
    expect(owners.sort()).toEqual(['', '', cem.id, cem.id]);
    const [event] = await door.listEvents('&action=member.delete');
    expect(event).toMatchObject({ details: { accountsDisowned: 3 } });
    const changes = await door.listEvents(`&action=service_account.create&targetId=${made.body.id}`);
    expect(changes).toMatchObject([{ details: { owners: [bob.id, cem.id] } }]);
    // Being an owner gives no right.
    expect((await as(cem.cookie, 'GET', path)).status).toBe(403);
    expect((await as(ada, 'PATCH', path, { owners: [] })).body.owners).toEqual([]);
  });

  test('whoever is removed is out with the answer: session, tokens, memberships', async () => {
    const bob = await join(BOB, 'admin');
    const issued = await as(bob.cookie, 'POST', '/me/tokens', { name: 'mine' });
    expect(issued.status, issued.text).toBe(201);
    const { value } = issued.body;
    expect((await door.call('GET', '/api/v1/me', { token: value })).body.id).toBe(bob.id);
    expect((await as(ada, 'DELETE', `/members/${bob.id}`)).status).toBe(204);
    expect((await as(bob.cookie, 'GET', '/me')).status).toBe(401);
    expect((await door.call('GET', '/api/v1/me', { token: value })).status).toBe(401);
    const again = await door.call('POST', '/api/v1/auth/sign-in/email', {
      token: null,
      headers: { origin: ORIGIN },
      body: { email: BOB, password: PASSWORD },
    });
    expect([again.status, again.body.code]).toEqual([401, 'sign_in.refused']);
    expect((await as(ada, 'GET', `/members/${bob.id}`)).body.code).toBe('member.not_found');
    // The e-mail is free again.
    await join(BOB);
  });

  test('the last admin who is a person stays, and nobody ends or changes themselves', async () => {
    const { id } = (await as(ada, 'GET', '/me')).body;
    const admin = (method: string, path: string, body?: unknown) =>
      door.call(method, `/api/v1${path}`, { ...(body !== undefined && { body }) });
    for (const refused of [
      await admin('DELETE', `/members/${id}`),
      await admin('PATCH', `/members/${id}`, { organizationRole: 'member' }),
    ]) {
      expect([refused.status, refused.body.code]).toEqual([409, 'member.last_admin']);
    }
    const bob = await join(BOB, 'admin');
    for (const refused of [
      await as(ada, 'DELETE', `/members/${id}`),
      await as(ada, 'PATCH', `/members/${id}`, { organizationRole: 'member' }),
    ]) {
      expect([refused.status, refused.body.code]).toEqual([409, 'caller.locked_out']);
    }
    const both = await Promise.all([
      as(ada, 'DELETE', `/members/${bob.id}`),
      as(bob.cookie, 'DELETE', `/members/${id}`),
    ]);
    expect(both.map(({ status }) => status).filter((status) => status === 204)).toHaveLength(1);
  });

  test('own tokens need no plan: they work, are refreshed, and a policy that would end them is foreseen', async () => {
    const bob = await join(BOB);
    await door.setPlan('community');
    const issued = await as(bob.cookie, 'POST', '/me/tokens', { name: 'mine' });
    expect(issued.status).toBe(201);
    const refreshed = await as(bob.cookie, 'POST', `/me/tokens/${issued.body.token.id}/refresh`, {});
    expect(refreshed.status).toBe(200);
    expect((await door.call('GET', '/api/v1/me', { token: refreshed.body.value })).status).toBe(200);
    const tokenPolicy = { creation: 'nobody', requireExpiry: false };
    const forecast = await as(ada, 'PATCH', '/organization?dryRun=true', { tokenPolicy });
    const affected = forecast.body.tokens.map(({ accountId }: { accountId: string }) => accountId);
    expect(affected).toContain(bob.id);
    expect(affected.filter((id: string) => id.startsWith('sa_'))).toEqual([]);
    await door.setPlan('enterprise');
  });

  test('own tokens work like those of a service account, and are nobody else’s', async () => {
    const bob = await join(BOB);
    const issued = await as(bob.cookie, 'POST', '/me/tokens', { name: 'mine' });
    const path = `/me/tokens/${issued.body.token.id}`;
    expect((await as(bob.cookie, 'GET', '/me/tokens')).body.items).toMatchObject([{ name: 'mine' }]);
    const refreshed = await as(bob.cookie, 'POST', `${path}/refresh`, { overlapSeconds: 60 });
    expect(refreshed.body.token.previous).toBeDefined();
    await door.call('GET', '/api/v1/me', { token: issued.body.value, headers: { 'user-agent': 'old-job' } });
    await door.server.usage.flush(door.server.storage);
    const callers = await as(bob.cookie, 'GET', `${path}/callers?generation=previous`);
    expect(callers.body.items).toMatchObject([{ userAgent: 'old-job', calls: 1 }]);
    expect((await as(ada, 'GET', `${path}/callers`)).status).toBe(404);
    expect((await as(bob.cookie, 'POST', `${path}/end-overlap`)).status).toBe(200);
    expect((await door.call('GET', '/api/v1/me', { token: issued.body.value })).status).toBe(401);
    expect((await as(bob.cookie, 'PATCH', path, { name: 'renamed' })).body.name).toBe('renamed');
    expect((await as(ada, 'GET', path)).status).toBe(404);
    expect((await as(bob.cookie, 'DELETE', path)).status).toBe(204);
    const narrow = await as(bob.cookie, 'POST', '/me/tokens', { name: 'narrow', restrictions: { permissions: [] } });
    const wide = await as(bob.cookie, 'POST', '/me/tokens', { name: 'wide' });
    const attempt = await door.call('DELETE', `/api/v1/me/tokens/${wide.body.token.id}`, { token: narrow.body.value });
    expect([attempt.status, attempt.body.permission]).toEqual([403, 'token.delete']);
    const { value } = await door.createCaller('admin');
    const account = await door.call('POST', '/api/v1/me/tokens', { token: value, body: { name: 'x' } });
    expect([account.status, account.body.code]).toEqual([403, 'member.required']);
  });

  test('sessions are listed and ended by whose they are', async () => {
    const second = await signIn(door, ADA);
    const { items } = (await as(ada, 'GET', '/me/sessions')).body;
    expect(items.map(({ current }: { current: boolean }) => current).sort()).toEqual([false, true]);
    const other = items.find(({ current }: { current: boolean }) => !current);
    const bob = await join(BOB);
    expect((await as(bob.cookie, 'DELETE', `/me/sessions/${other.id}`)).body.code).toBe('session.not_found');
    expect((await as(ada, 'DELETE', `/me/sessions/${other.id}`)).status).toBe(204);
    expect((await as(second, 'GET', '/me')).status).toBe(401);
    expect((await as(ada, 'DELETE', `/me/sessions/${other.id}`)).body.code).toBe('session.not_found');
    const events = await door.listEvents('&action=session.end');
    const told = events.map((event) => {
      const { outcome, code, actor, target, details } = event as typeof event & Record<string, Record<string, unknown>>;
      return [outcome, code, actor?.['displayName'], target?.['displayName'], details?.['sessionId']].join(' ');
    });
    expect(told.toSorted()).toEqual([
      `done  Ada Ada ${other.id}`,
      'refused session.not_found Ada Ada ',
      'refused session.not_found Bob Bob ',
    ]);
    const byToken = await door.call('GET', '/api/v1/me/sessions');
    expect([byToken.status, byToken.body.code]).toEqual([403, 'member.required']);
  });

  test('a change that a wrong password is refused for leaves its event, and so does a refused sign-in', async () => {
    const change = { currentPassword: 'wrong', newPassword: PASSWORD };
    expect((await as(ada, 'POST', '/auth/change-password', change)).body.code).toBe('sign_in.refused');
    expect(await door.listEvents('&action=password.change')).toMatchObject([
      { outcome: 'refused', code: 'sign_in.refused', actor: { displayName: 'Ada' }, target: { displayName: 'Ada' } },
    ]);
    expect((await as('', 'POST', '/auth/sign-in/email', { email: ADA, password: 'wrong' })).status).toBe(401);
    await door.server.settleSignIn();
    expect(await door.listEvents('&action=session.refuse')).toMatchObject([{ outcome: 'refused', code: null }]);
  });

  test('a person is told the names of admins who have joined, and nothing more; a program is not', async () => {
    const bob = await join(BOB);
    await invite(ada, 'eve@example.com', 'admin');
    const outsider = await door.createOutsider();
    const answer = await as(bob.cookie, 'GET', '/me/admins');
    expect([answer.status, answer.body]).toEqual([200, { items: [{ displayName: 'Ada' }] }]);
    for (const token of [outsider, (await door.createCaller('admin')).value]) {
      const refused = await door.call('GET', '/api/v1/me/admins', { token });
      expect([refused.status, refused.body.code]).toEqual([403, 'member.required']);
    }
    await as(ada, 'PATCH', `/members/${bob.id}`, { organizationRole: 'admin' });
    const names = (await as(bob.cookie, 'GET', '/me/admins')).body.items;
    expect(names).toEqual([{ displayName: 'Ada' }, { displayName: 'Bob' }]);
  });

  test('a person is told what the token policy lets their own tokens be; a program is not', async () => {
    const bob = await join(BOB);
    const policyOf = async (cookie: string) => (await as(cookie, 'GET', '/me/token-policy')).body;
    expect(await policyOf(bob.cookie)).toEqual({ mayHaveTokens: true, maxLifetimeDays: null, requireExpiry: false });
    const byToken = await door.call('GET', '/api/v1/me/token-policy');
    expect([byToken.status, byToken.body.code]).toEqual([403, 'member.required']);
    const { id } = (await as(ada, 'POST', '/groups', { name: 'deployers' })).body;
    const tokenPolicy = { creation: { groupIds: [id] }, maxLifetimeDays: 30, requireExpiry: true };
    expect((await as(ada, 'PATCH', '/organization', { tokenPolicy })).status).toBe(200);
    expect(await policyOf(bob.cookie)).toEqual({ mayHaveTokens: false, maxLifetimeDays: 30, requireExpiry: true });
    await as(ada, 'PUT', `/groups/${id}/members/${bob.id}`, { role: 'member' });
    expect(await policyOf(bob.cookie)).toEqual({ mayHaveTokens: true, maxLifetimeDays: 30, requireExpiry: true });
  });

  test('a person is told whether a second step is asked for', async () => {
    const bob = await join(BOB);
    const isOn = async (cookie: string) => (await as(cookie, 'GET', '/me/sign-in')).body;
    expect(await isOn(bob.cookie)).toEqual({ twoStep: false });
    const begun = await as(bob.cookie, 'POST', '/auth/two-factor/enable', { password: PASSWORD });
    expect(await isOn(bob.cookie)).toEqual({ twoStep: false });
    const code = totpCode(begun.body.totpUri);
    const confirmed = await as(bob.cookie, 'POST', '/auth/two-factor/verify-totp', { code });
    expect(await isOn(cookieOf(confirmed))).toEqual({ twoStep: true });
    expect(await isOn(ada)).toEqual({ twoStep: false });
  });

  test('people are in groups and workspaces as accounts are, and keep working on the community plan', async () => {
    const bob = await join(BOB);
    const workspace = await as(ada, 'POST', '/workspaces', { name: 'prod' });
    expect(workspace.status).toBe(201);
    await as(ada, 'PUT', `/workspaces/prod/members/${bob.id}`, { role: 'manager' });
    const account = await door.createAccount();
    expect((await as(bob.cookie, 'PUT', `/workspaces/prod/members/${account}`, { role: 'viewer' })).status).toBe(200);
    expect((await as(ada, 'GET', `/members/${bob.id}/access`)).body.workspaces).toMatchObject([{ name: 'prod' }]);
    const events = await door.listEvents('&action=workspace_member.set');
    expect(events).toContainEqual(expect.objectContaining({ actor: expect.objectContaining({ kind: 'member' }) }));
    await door.setPlan('community');
    expect((await as(bob.cookie, 'GET', '/me')).status).toBe(200);
    expect((await door.call('GET', '/api/v1/me')).status).toBe(401);
  });
});
