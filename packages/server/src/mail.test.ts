import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createFirstMember } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { linkIn, type MailServer, startMailServer } from '../test/mail-server.ts';
import { cookieOf, ORIGIN, PASSWORD, QUICK_PASSWORDS, signIn } from '../test/person.ts';
import { createMail } from './mail.ts';

const ADA = 'ada@example.com';
const NEW_PASSWORD = 'another horse battery staple';
const FROM = 'postern@example.org';

describe.each(engines)('mail on $name', (engine) => {
  let door: Door;
  let mailServer: MailServer;
  let mail: ReturnType<typeof createMail>;
  let failures: string[];

  beforeEach(async () => {
    mailServer = await startMailServer(['gone@example.com']);
    failures = [];
    await open(mailServer.url);
  });
  afterEach(async () => {
    mail.close();
    await mailServer.close();
    await door.close();
  });

  async function open(url: string): Promise<void> {
    mail = createMail({ url, from: FROM, log: (reason) => failures.push(reason) });
    door = await openDoor(engine, { issuer: () => ORIGIN, passwords: QUICK_PASSWORDS, sendMail: mail.send });
    const user = await (await door.server.signIn())?.prepareUser({ name: 'Ada', password: PASSWORD });
    if (user) await createFirstMember(door.server, { ...user, email: ADA });
  }

  const invite = (...emails: string[]) => door.call('POST', '/api/v1/members', { body: { emails } });
  const auth = (path: string, body: unknown) =>
    door.call('POST', `/api/v1/auth/${path}`, { token: null, headers: { origin: ORIGIN }, body });

  test('an invitation is mailed as plain text, and its link lets in', async () => {
    const answer = await invite('bob@example.com', 'cem@example.com', ADA);
    const [bob, cem, ada] = answer.body.items;
    expect([bob.invitation.delivery, cem.invitation.delivery, ada.code]).toEqual([
      'sent',
      'sent',
      'member.email_taken',
    ]);
    expect(mailServer.messages).toHaveLength(2);
    const message = await mailServer.next('bob@example.com');
    expect(message).toContain(`From: ${FROM}\r\n`);
    expect(message).toContain('Subject: You are invited to Acme\r\n');
    expect(message).toMatch(/^Content-Type: text\/plain/m);
    expect(message).not.toMatch(/<html|<img|List-|Sender:/i);
    expect(linkIn(message)).toBe(bob.invitation.link);
    const invitation = linkIn(message).split('#')[1];
    const body = { invitation, name: 'Bob', password: PASSWORD };
    expect((await door.call('POST', '/api/v1/invitations/accept', { token: null, body })).status).toBe(200);
  });

  test('a new invitation is mailed, too, and ends the one before', async () => {
    const { member, link } = (await invite('bob@example.com')).body.items[0].invitation;
    const again = await door.call('POST', `/api/v1/members/${member.id}/resend`);
    expect([again.status, again.body.delivery]).toEqual([200, 'sent']);
    expect(again.body.link).not.toBe(link);
    expect(linkIn(mailServer.messages[1] ?? '')).toBe(again.body.link);
  });

  test('who cannot be reached is invited all the same; the answer says that the mail failed', async () => {
    const { items } = (await invite('gone@example.com', 'bob@example.com')).body;
    expect(items.map((item: { invitation: { delivery: string } }) => item.invitation.delivery)).toEqual([
      'failed',
      'sent',
    ]);
    expect((await door.call('GET', `/api/v1/members/${items[0].invitation.member.id}`)).body.status).toBe('invited');
    expect(failures).toEqual([expect.stringMatching(/^EENVELOPE 550$/)]);
    await mailServer.close();
    const { invitation } = (await invite('dan@example.com')).body.items[0];
    expect([invitation.delivery, invitation.member.status]).toEqual(['failed', 'invited']);
    expect(failures.join()).not.toMatch(/example\.com|pass/);
  });

  test('without a mail server: as shown, and passwords are not reset by mail', async () => {
    await door.close();
    door = await openDoor(engine, { issuer: () => ORIGIN, passwords: QUICK_PASSWORDS });
    expect((await invite('bob@example.com')).body.items[0].invitation.delivery).toBe('not_configured');
    const refused = await auth('request-password-reset', { email: ADA });
    expect([refused.status, refused.body.code]).toEqual([404, 'route.not_found']);
  });

  test('a password is reset by the mailed link: once, ending all sessions, and told in the audit log', async () => {
    const cookie = await signIn(door, ADA);
    const [known, unknown] = [
      await auth('request-password-reset', { email: ADA }),
      await auth('request-password-reset', { email: 'nobody@example.com' }),
    ];
    expect([known.status, known.text]).toEqual([204, '']);
    expect([unknown.status, unknown.text]).toEqual([204, '']);
    const link = linkIn(await mailServer.next(ADA));
    expect(link).toMatch(new RegExp(`^${ORIGIN}/reset-password#\\S+$`));
    const token = link.split('#')[1];
    expect((await auth('reset-password', { token, newPassword: NEW_PASSWORD })).status).toBe(204);
    const again = await auth('reset-password', { token, newPassword: PASSWORD });
    expect([again.status, again.body.code]).toEqual([400, 'sign_in.link_invalid']);
    const old = await door.call('GET', '/api/v1/me', { token: null, headers: { cookie } });
    expect([old.status, old.body.code]).toEqual([401, 'session.invalid']);
    const fresh = cookieOf(await auth('sign-in/email', { email: ADA, password: NEW_PASSWORD }));
    expect((await door.call('GET', '/api/v1/me', { token: null, headers: { cookie: fresh } })).status).toBe(200);
    // Nobody else was written to.
    expect(mailServer.messages).toHaveLength(1);
    const [asked, done] = [
      await door.listEvents('&action=password.reset_request'),
      await door.listEvents('&action=password.reset'),
    ];
    expect([asked.length, done.length]).toEqual([1, 1]);
  });
});

test('a mail server that says nothing is not waited for beyond the limit', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const failures: string[] = [];
  const url = `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const { send, close } = createMail({ url, from: FROM, log: (reason) => failures.push(reason), limitMs: 50 });
  expect(await send({ to: ADA, subject: 'x', text: 'x' })).toBe('failed');
  expect(failures).toEqual(['ETIMEDOUT']);
  close();
  for (const socket of sockets) socket.destroy();
  silent.close();
});
