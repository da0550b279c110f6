import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ACCOUNTS,
  type AuditEvent,
  accountPath,
  type Client,
  call,
  callExpecting,
  createAccount,
  createExpiringToken,
  createToken,
  eventually,
  isActive,
  listAll,
  listEvents,
  type Problem,
  readAccount,
  readToken,
  refreshToken,
  type ServiceAccount,
  seenBeforeItEnds,
  type Token,
  tokenPath,
  verify,
  watchEvents,
} from './api.ts';
import { ENGINES, startPostern, type TestServer } from './postern.ts';

const UNKNOWN = { id: `sa_${'0'.repeat(26)}` };
const VALUE = /^pst_[0-9A-Za-z]{49}$/;

describe.for(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let admin: Client;

  beforeAll(async () => {
    server = await startPostern(engine);
    admin = server.admin;
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** The answer to a call made with this value as its credential. */
  function callWith(value: string, method = 'GET', path = '/api/v1/me') {
    return call<Problem>({ url: server.url, token: value }, method, path);
  }

  /** Dead for whoever verifies it, and as a credential. */
  async function expectDead(value: string): Promise<void> {
    expect(await verify(admin, value)).toEqual({ active: false });
    const answer = await callWith(value);
    expect([answer.status, answer.body.code]).toEqual([401, 'token.invalid']);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  }

  async function expectAlive(value: string, tokenId: string): Promise<void> {
    expect(await verify(admin, value)).toMatchObject({ active: true, token: { id: tokenId } });
    expect((await callWith(value)).status).toBe(200);
  }

  async function createAccountWithToken(input: Parameters<typeof createToken>[2] = {}) {
    const account = await createAccount(admin);
    return { account, ...(await createToken(admin, account, input)) };
  }

  describe('Adding service accounts', () => {
    test('a service account is not tied to a particular user', async () => {
      const { account, value } = await createAccountWithToken();
      expect(await callWith(value)).toMatchObject({ status: 200, body: { id: account.id, kind: 'service_account' } });
      expect(Object.keys(account).filter((field) => /mail|user|person/i.test(field))).toEqual([]);
    });

    test('organization admins can create any number of service accounts', async () => {
      const made: ServiceAccount[] = [];
      while (made.length < 230) {
        made.push(
          ...(await Promise.all(Array.from({ length: 23 }, () => createAccount(admin, { displayName: 'Same name' })))),
        );
      }
      const ids = new Set(made.map(({ id }) => id));
      expect(ids.size).toBe(230);
      const listed = await listAll<ServiceAccount>(admin, `${ACCOUNTS}?search=same%20name`, 50);
      expect(new Set(listed.map(({ id }) => id))).toEqual(ids);
      expect(listed.length).toBe(230);
    });

    test.for(['member', 'verifier'])('only admins: 403 for the organization role %s', async (organizationRole) => {
      const { value } = await createToken(admin, await createAccount(admin, { organizationRole }));
      const events = await watchEvents(admin);
      const body = { displayName: 'Mine', organizationRole: 'member' };
      const answer = await call<Problem>({ url: server.url, token: value }, 'POST', ACCOUNTS, { body });
      expect(answer).toMatchObject({
        status: 403,
        body: { code: 'permission.missing', permission: 'service_account.create' },
      });
      expect(await events()).toEqual(['service_account.create: refused permission.missing']);
    });

    test('it has a display name and an organization-level role', async () => {
      for (const organizationRole of ['member', 'admin', 'verifier']) {
        const account = await createAccount(admin, { displayName: 'Nightly export ✓', organizationRole });
        expect(await readAccount(admin, account)).toMatchObject({ displayName: 'Nightly export ✓', organizationRole });
      }
      for (const body of [{ displayName: 'No role' }, { organizationRole: 'member' }]) {
        const answer = await callExpecting<Problem>(400, admin, 'POST', ACCOUNTS, { body });
        expect(answer.body.code).toBe('request.invalid');
      }
    });

    test('its first token can be added, or skipped', async () => {
      const account = await createAccount(admin);
      expect(account).toMatchObject({ status: 'active', tokenCount: 0 });
      expect(await listAll(admin, accountPath(account, '/tokens'))).toEqual([]);
      const { token, value } = await createToken(admin, account);
      await expectAlive(value, token.id);
      expect((await readAccount(admin, account)).tokenCount).toBe(1);
    });

    test('its organization-level role is managed here', async () => {
      const { account, value } = await createAccountWithToken();
      const caller = { url: server.url, token: value };
      await callExpecting(403, caller, 'GET', ACCOUNTS);
      await callExpecting(200, admin, 'PATCH', accountPath(account), { body: { organizationRole: 'admin' } });
      await callExpecting(200, caller, 'GET', ACCOUNTS);
      await callExpecting(200, admin, 'PATCH', accountPath(account), { body: { organizationRole: 'member' } });
      await callExpecting(403, caller, 'GET', ACCOUNTS);
    });
  });

  describe('Adding tokens', () => {
    test('one service account can have multiple tokens', async () => {
      const account = await createAccount(admin);
      const issued = await Promise.all(['ci', 'nightly', 'ci'].map((name) => createToken(admin, account, { name })));
      expect(new Set(issued.map(({ value }) => value)).size).toBe(3);
      for (const { token, value } of issued) await expectAlive(value, token.id);
      const listed = await listAll<Token>(admin, accountPath(account, '/tokens'));
      expect(listed.map(({ id }) => id).sort()).toEqual(issued.map(({ token }) => token.id).sort());
    });

    test('all tokens of a service account share the same role-based access', async () => {
      const account = await createAccount(admin);
      const values = (await Promise.all([1, 2, 3].map(() => createToken(admin, account)))).map(({ value }) => value);
      const mayRead = () =>
        Promise.all(
          values.map(async (token) => {
            const body = { token, permission: 'service_account.read' };
            const verdict = await call<{ allowed: boolean }>(admin, 'POST', '/api/v1/tokens/verify', { body });
            const list = await call({ url: server.url, token }, 'GET', ACCOUNTS);
            return [verdict.body.allowed, list.status];
          }),
        );
      expect(await mayRead()).toEqual(Array(3).fill([false, 403]));
      await callExpecting(200, admin, 'PATCH', accountPath(account), { body: { organizationRole: 'admin' } });
      expect(await mayRead()).toEqual(Array(3).fill([true, 200]));
    });

    test('a token has a name and a description', async () => {
      const { account, token } = await createAccountWithToken({
        name: 'Build server',
        description: 'Pushes images.\nOwned by CI.',
      });
      const fields = { name: 'Build server', description: 'Pushes images.\nOwned by CI.' };
      expect(token).toMatchObject(fields);
      expect(await readToken(admin, account, token)).toMatchObject(fields);
    });

    test('it never expires unless an expiration date is given', async () => {
      const { token: never } = await createAccountWithToken();
      expect(never).toMatchObject({ status: 'active', expiresAt: null });
      const { token: explicit } = await createAccountWithToken({ expiresAt: null });
      expect(explicit.expiresAt).toBeNull();
      const { token: custom, value } = await createAccountWithToken({ expiresAt: '2031-02-03T04:05:06.789+01:00' });
      expect(custom).toMatchObject({ status: 'active', expiresAt: '2031-02-03T03:05:06.789Z' });
      await expectAlive(value, custom.id);
    });

    test('a token is valid strictly before its expiration date', async () => {
      // Both ends of each verification are measured here, by the clock of the machine that the server reads too.
      const account = await createAccount(admin);
      const { token, value, expiresAt } = await createExpiringToken(admin, account);
      let refused = false;
      await eventually('the token expires', async () => {
        const sentAt = Date.now();
        const active = await isActive(admin, value);
        const answeredAt = Date.now();
        if (active) expect(sentAt).toBeLessThan(expiresAt);
        else {
          expect(answeredAt).toBeGreaterThanOrEqual(expiresAt);
          refused = true;
        }
        return refused;
      });
      await expectDead(value);
      expect(await readToken(admin, account, token)).toMatchObject({ status: 'expired' });
    });

    test('its value cannot be copied again once the creating answer is gone', async () => {
      const { account, token, value } = await createAccountWithToken({ name: 'shown once' });
      expect(value).toMatch(VALUE);
      const refreshed = await refreshToken(admin, account, token, { overlapSeconds: 600 });
      await callWith(value);
      await callExpecting(200, admin, 'PATCH', tokenPath(account, token), { body: { name: 'renamed' } });
      const paths = [
        '/api/v1/tokens',
        '/api/v1/audit-events?limit=200',
        ACCOUNTS,
        accountPath(account),
        accountPath(account, '/tokens'),
        accountPath(account, '/tokens?deleted=true'),
        tokenPath(account, token),
        tokenPath(account, token, '/callers'),
        tokenPath(account, token, '/callers?generation=previous'),
        tokenPath(account, token, '/usage'),
        '/api/v1/organization',
        '/api/v1/me',
        '/openapi.json',
      ];
      const later = [
        ...(await Promise.all(paths.map((path) => callExpecting(200, admin, 'GET', path)))),
        await call({ url: server.url, token: value }, 'GET', '/api/v1/me'),
        await call(admin, 'POST', '/api/v1/tokens/verify', { body: { token: value } }),
        await callExpecting(200, admin, 'POST', tokenPath(account, token, '/end-overlap')),
        await callExpecting(204, admin, 'DELETE', tokenPath(account, token)),
        await callExpecting(200, admin, 'GET', accountPath(account, '/tokens?deleted=true')),
        await callExpecting(200, admin, 'GET', '/api/v1/audit-events?limit=200'),
      ];
      for (const answer of later) {
        const said = JSON.stringify([answer.text, [...answer.headers]]);
        for (const secret of [value, refreshed.value]) {
          expect(said).not.toContain(secret);
          expect(said).not.toContain(secret.slice(4, 47));
        }
      }
    });

    test('the answer that holds a value is not to be stored by anybody', async () => {
      const account = await createAccount(admin);
      const created = await callExpecting(201, admin, 'POST', accountPath(account, '/tokens'), { body: { name: 'n' } });
      expect(created.headers.get('cache-control')).toContain('no-store');
      const { token } = created.body as { token: Token };
      const refreshed = await callExpecting(200, admin, 'POST', tokenPath(account, token, '/refresh'));
      expect(refreshed.headers.get('cache-control')).toContain('no-store');
    });
  });

  describe('Refreshing tokens', () => {
    test('refreshing a token updates its value: the token stays, its old value is dead at once', async () => {
      const { account, token, value } = await createAccountWithToken({ name: 'kept', description: 'kept too' });
      let old = value;
      // "You can refresh a token as needed."
      for (let round = 1; round <= 3; round += 1) {
        const refreshed = await refreshToken(admin, account, token);
        expect(refreshed.value).toMatch(VALUE);
        expect(refreshed.value).not.toBe(old);
        const { id, name, description, createdAt } = token;
        expect(refreshed.token).toMatchObject({ id, name, description, createdAt });
        expect(refreshed.token.refreshedAt).not.toBeNull();
        expect(refreshed.token.previous).toBeUndefined();
        await expectDead(old);
        await expectAlive(refreshed.value, token.id);
        old = refreshed.value;
      }
      await expectDead(value);
      expect((await readAccount(admin, account)).tokenCount).toBe(1);
    });

    test('the old value works until the overlap is ended, and not after', async () => {
      const { account, token, value } = await createAccountWithToken();
      const refreshed = await refreshToken(admin, account, token, { overlapSeconds: 604_800 });
      expect(refreshed.token.previous).toMatchObject({ hint: token.hint });
      await expectAlive(value, token.id);
      await expectAlive(refreshed.value, token.id);
      expect((await callWith(value)).headers.get('postern-token')).toBe(
        `retiring; until=${refreshed.token.previous?.validUntil}`,
      );
      expect((await callWith(refreshed.value)).headers.get('postern-token')).toBeNull();

      const again = await call<Problem>(admin, 'POST', tokenPath(account, token, '/refresh'), {
        body: { overlapSeconds: 60 },
      });
      expect(again).toMatchObject({ status: 409, body: { code: 'token.overlap_in_progress' } });
      await expectAlive(value, token.id);

      const ended = await callExpecting<Token>(200, admin, 'POST', tokenPath(account, token, '/end-overlap'));
      expect(ended.body.previous).toBeUndefined();
      await expectDead(value);
      await expectAlive(refreshed.value, token.id);
    });

    test('the old value works until the end of its overlap, and not after', async () => {
      const { account, token, value, refreshed } = await seenBeforeItEnds(async (lifetimeMs) => {
        const made = await createAccountWithToken();
        const options = { overlapSeconds: lifetimeMs / 1_000 };
        const again = await refreshToken(admin, made.account, made.token, options);
        return (await isActive(admin, made.value)) ? { ...made, refreshed: again } : undefined;
      });
      const validUntil = Date.parse(refreshed.token.previous?.validUntil ?? '');
      await eventually('the overlap ends', async () => {
        const sentAt = Date.now();
        const active = await isActive(admin, value);
        const answeredAt = Date.now();
        if (active) expect(sentAt).toBeLessThan(validUntil);
        else expect(answeredAt).toBeGreaterThanOrEqual(validUntil);
        return !active;
      });
      await expectDead(value);
      await expectAlive(refreshed.value, token.id);
      expect((await readToken(admin, account, token)).previous).toBeUndefined();
    });

    test('an overlap never outlives the old expiration date', async () => {
      const expiresAt = new Date(Date.now() + 60_000).toISOString();
      const { account, token } = await createAccountWithToken({ expiresAt });
      const refreshed = await refreshToken(admin, account, token, { overlapSeconds: 3_600, expiresAt: null });
      expect(refreshed.token.previous?.validUntil).toBe(expiresAt);
    });

    test('without overlap every earlier value ends', async () => {
      const { account, token, value } = await createAccountWithToken();
      const second = await refreshToken(admin, account, token, { overlapSeconds: 600 });
      const third = await refreshToken(admin, account, token);
      await expectDead(value);
      await expectDead(second.value);
      await expectAlive(third.value, token.id);
    });

    test('a custom expiration date can be given; never stays never, and a lifetime is given again', async () => {
      const never = await createAccountWithToken();
      expect((await refreshToken(admin, never.account, never.token)).token.expiresAt).toBeNull();
      const custom = await refreshToken(admin, never.account, never.token, { expiresAt: '2031-01-01T00:00:00.000Z' });
      expect(custom.token.expiresAt).toBe('2031-01-01T00:00:00.000Z');
      const endless = await refreshToken(admin, never.account, never.token, { expiresAt: null });
      expect(endless.token.expiresAt).toBeNull();

      const hour = await createAccountWithToken({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
      const lifetime = Date.parse(hour.token.expiresAt ?? '') - Date.parse(hour.token.createdAt);
      const again = (await refreshToken(admin, hour.account, hour.token)).token;
      expect(Date.parse(again.expiresAt ?? '') - Date.parse(again.refreshedAt ?? '')).toBe(lifetime);
    });

    test('an expired token can be refreshed; its old value stays dead, overlap or not', async () => {
      const account = await createAccount(admin);
      const { token, value } = await createExpiringToken(admin, account);
      await eventually('the token expires', async () => !(await isActive(admin, value)));
      const refreshed = await refreshToken(admin, account, token, { expiresAt: null, overlapSeconds: 3_600 });
      await expectDead(value);
      await expectAlive(refreshed.value, token.id);
      expect(refreshed.token).toMatchObject({ status: 'active', expiresAt: null });
    });
  });

  describe('Deleting tokens', () => {
    test('deleting a token revokes the access it grants, and that of no other', async () => {
      const { account, token, value } = await createAccountWithToken();
      const other = await createToken(admin, account);
      const answer = await callExpecting(204, admin, 'DELETE', tokenPath(account, token));
      expect(answer.headers.get('postern-receipt')).toMatch(/^position=\d+, confirmed=\d+, expired=0, ms=[\d.]+$/);
      await expectDead(value);
      await expectAlive(other.value, other.token.id);
      for (const [method, rest] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['POST', '/refresh'],
        ['POST', '/end-overlap'],
      ] as const) {
        const body = method === 'PATCH' ? { name: 'revived' } : undefined;
        const gone = await call<Problem>(admin, method, tokenPath(account, token, rest), { body });
        expect([method, rest, gone.status, gone.body.code]).toEqual([method, rest, 404, 'token.not_found']);
      }
      const deleted = await listAll<Token>(admin, accountPath(account, '/tokens?deleted=true'));
      expect(deleted.map(({ id }) => id)).toEqual([token.id]);
    });

    test('deleting a token ends its retiring value too', async () => {
      const { account, token, value } = await createAccountWithToken();
      const refreshed = await refreshToken(admin, account, token, { overlapSeconds: 600 });
      await callExpecting(204, admin, 'DELETE', tokenPath(account, token));
      await expectDead(value);
      await expectDead(refreshed.value);
    });

    test('all tokens of an account can be deleted', async () => {
      const account = await createAccount(admin);
      const issued = await Promise.all([1, 2, 3].map(() => createToken(admin, account)));
      const bystander = await createAccountWithToken();
      const answer = await callExpecting(200, admin, 'DELETE', accountPath(account, '/tokens'));
      expect(answer.body).toMatchObject({ deleted: 3 });
      for (const { value } of issued) await expectDead(value);
      await expectAlive(bystander.value, bystander.token.id);
      expect(await listAll(admin, accountPath(account, '/tokens'))).toEqual([]);
      expect(await readAccount(admin, account)).toMatchObject({ status: 'active', tokenCount: 0 });
      const { value } = await createToken(admin, account);
      expect(await isActive(admin, value)).toBe(true);
    });

    test('a program can end its own token', async () => {
      const { value } = await createAccountWithToken();
      expect((await callWith(value, 'DELETE', '/api/v1/me/token')).status).toBe(204);
      await expectDead(value);
    });
  });

  describe('Disabling service accounts', () => {
    test('all its tokens are permanently deleted, the account stays, and enabling brings none of them back', async () => {
      const account = await createAccount(admin, {
        displayName: 'Paused',
        description: 'kept',
        organizationRole: 'verifier',
      });
      const issued = await Promise.all([1, 2].map(() => createToken(admin, account)));
      const retiring = await createToken(admin, account);
      const current = await refreshToken(admin, account, retiring.token, { overlapSeconds: 600 });
      const values = [...issued.map(({ value }) => value), retiring.value, current.value];

      const disabled = await callExpecting(200, admin, 'POST', accountPath(account, '/disable'));
      const { id, displayName, description, organizationRole, createdAt } = account;
      const kept = { id, displayName, description, organizationRole, createdAt };
      expect(disabled.body).toMatchObject({ ...kept, status: 'disabled', tokenCount: 0 });
      for (const value of values) await expectDead(value);
      expect(await readAccount(admin, account)).toMatchObject({ ...kept, status: 'disabled' });
      expect(await listAll(admin, accountPath(account, '/tokens'))).toEqual([]);

      const refused = await call<Problem>(admin, 'POST', accountPath(account, '/tokens'), { body: { name: 'n' } });
      expect(refused).toMatchObject({ status: 409, body: { code: 'service_account.disabled' } });

      const enabled = await callExpecting(200, admin, 'POST', accountPath(account, '/enable'));
      expect(enabled.body).toMatchObject({ ...kept, status: 'active', tokenCount: 0 });
      for (const value of values) await expectDead(value);
      for (const { token } of issued) await callExpecting(404, admin, 'GET', tokenPath(account, token));
      expect(await listAll(admin, accountPath(account, '/tokens'))).toEqual([]);

      const { token, value } = await createToken(admin, account);
      await expectAlive(value, token.id);
      for (const dead of values) await expectDead(dead);
    });

    test('nobody can disable, delete or demote the account that they call with', async () => {
      const account = await createAccount(admin, { organizationRole: 'admin' });
      const self = { url: server.url, token: (await createToken(admin, account)).value };
      const attempts = [
        call<Problem>(self, 'POST', accountPath(account, '/disable')),
        call<Problem>(self, 'DELETE', accountPath(account)),
        call<Problem>(self, 'DELETE', accountPath(account, '/tokens')),
        call<Problem>(self, 'PATCH', accountPath(account), { body: { organizationRole: 'member' } }),
      ];
      for (const answer of await Promise.all(attempts)) {
        expect([answer.status, answer.body.code]).toEqual([409, 'caller.locked_out']);
      }
      expect(await readAccount(admin, account)).toMatchObject({
        status: 'active',
        organizationRole: 'admin',
        tokenCount: 1,
      });
    });
  });

  describe('Deleting service accounts', () => {
    test('the account and all its tokens are gone for good', async () => {
      const account = await createAccount(admin, { displayName: 'Doomed', externalId: `doomed-${engine}` });
      const issued = await Promise.all([1, 2].map(() => createToken(admin, account)));
      await callExpecting(204, admin, 'DELETE', accountPath(account));
      for (const { value } of issued) await expectDead(value);
      const attempts = [
        ['GET', accountPath(account)],
        ['PATCH', accountPath(account), { displayName: 'Revived' }],
        ['DELETE', accountPath(account)],
        ['POST', accountPath(account, '/enable')],
        ['POST', accountPath(account, '/disable')],
        ['GET', accountPath(account, '/tokens')],
        ['DELETE', accountPath(account, '/tokens')],
        ['POST', accountPath(account, '/tokens'), { name: 'revived' }],
      ] as const;
      for (const [method, path, body] of attempts) {
        const answer = await call<Problem>(admin, method, path, { body });
        expect([method, path, answer.status, answer.body.code]).toEqual([
          method,
          path,
          404,
          'service_account.not_found',
        ]);
      }
      for (const { token } of issued) await callExpecting(404, admin, 'GET', tokenPath(account, token));
      expect((await listAll<ServiceAccount>(admin, `${ACCOUNTS}?search=doomed`)).length).toBe(0);
      // What was its own is free again; its id is not.
      const next = await createAccount(admin, { displayName: 'Doomed', externalId: `doomed-${engine}` });
      expect(next.id).not.toBe(account.id);
    });
  });

  describe('The audit log', () => {
    test('holds exactly one event for each mutation, and none for what changed nothing', async () => {
      const events = await watchEvents(admin);
      const account = await createAccount(admin);
      const { token } = await createToken(admin, account);
      const second = await createToken(admin, account);
      await createToken(admin, account);
      const third = await createToken(admin, account);
      await callExpecting(200, admin, 'PATCH', accountPath(account), { body: { displayName: 'Renamed' } });
      await callExpecting(200, admin, 'PATCH', accountPath(account), { body: { displayName: 'Renamed' } });
      await callExpecting(200, admin, 'PATCH', tokenPath(account, token), { body: { name: 'renamed' } });
      await refreshToken(admin, account, token, { overlapSeconds: 60 });
      await callExpecting(200, admin, 'POST', tokenPath(account, token, '/end-overlap'));
      await callExpecting(200, admin, 'POST', tokenPath(account, token, '/end-overlap'));
      await callExpecting(204, admin, 'DELETE', tokenPath(account, token));
      await callExpecting(204, { url: server.url, token: second.value }, 'DELETE', '/api/v1/me/token');
      await callExpecting(200, admin, 'POST', '/api/v1/tokens/revoke', {
        body: { accountId: account.id, dryRun: true },
      });
      await callExpecting(200, admin, 'POST', '/api/v1/tokens/revoke', { body: { accountId: account.id } });
      await createToken(admin, account);
      await callExpecting(200, admin, 'DELETE', accountPath(account, '/tokens'));
      await callExpecting(200, admin, 'POST', accountPath(account, '/disable'));
      await callExpecting(200, admin, 'POST', accountPath(account, '/disable'));
      await callExpecting(200, admin, 'POST', accountPath(account, '/enable'));
      await callExpecting(200, admin, 'POST', accountPath(account, '/enable'));
      await callExpecting(204, admin, 'DELETE', accountPath(account));
      expect(await isActive(admin, third.value)).toBe(false);
      expect(await events()).toEqual(
        [
          'service_account.create',
          ...Array(5).fill('token.create'),
          'service_account.update',
          'token.update',
          'token.refresh',
          'token.end_overlap',
          'token.delete',
          'token.delete',
          'token.revoke',
          'token.delete_all',
          'service_account.disable',
          'service_account.enable',
          'service_account.delete',
        ].sort(),
      );
    });

    test('holds exactly one event for each mutation that was refused, and none for a request that made no sense', async () => {
      const { account, token } = await createAccountWithToken();
      const events = await watchEvents(admin);
      await callExpecting(404, admin, 'DELETE', accountPath(UNKNOWN));
      await callExpecting(404, admin, 'POST', accountPath(UNKNOWN, '/disable'));
      await callExpecting(404, admin, 'POST', tokenPath(UNKNOWN, token, '/refresh'));
      await callExpecting(412, admin, 'DELETE', tokenPath(account, token), { headers: { 'if-match': '"77"' } });
      await callExpecting(400, admin, 'PATCH', tokenPath(account, token), { body: { nmae: 'typo' } });
      await callExpecting(400, admin, 'POST', accountPath(account, '/tokens'), { body: { name: '' } });
      await callExpecting(404, admin, 'GET', accountPath(UNKNOWN));
      expect(await events()).toEqual(
        [
          'service_account.delete: refused service_account.not_found',
          'service_account.disable: refused service_account.not_found',
          'token.refresh: refused token.not_found',
          'token.delete: refused precondition.failed',
        ].sort(),
      );
    });

    test('names who did it, with which token, to what, and in which request', async () => {
      const account = await createAccount(admin, { organizationRole: 'admin' });
      const { token, value } = await createToken(admin, account);
      const actor = { url: server.url, token: value };
      const made = await call<ServiceAccount>(actor, 'POST', ACCOUNTS, {
        body: { displayName: 'Made by another', organizationRole: 'member' },
      });
      const requestId = made.headers.get('x-request-id');
      const [event, ...others] = await listAll<AuditEvent>(admin, `/api/v1/audit-events?requestId=${requestId}`);
      expect(others).toEqual([]);
      expect(event).toMatchObject({
        action: 'service_account.create',
        outcome: 'done',
        code: null,
        actor: { kind: 'service_account', id: account.id, tokenId: token.id },
        target: { kind: 'service_account', id: made.body.id },
        requestId,
      });
    });

    test('counts the uses of a dead token, and finds them by the request that was refused', async () => {
      const { account, token, value } = await createAccountWithToken();
      await callExpecting(204, admin, 'DELETE', tokenPath(account, token));
      const refused = await callWith(value);
      const requestId = refused.headers.get('x-request-id');
      let found: AuditEvent[] = [];
      await eventually('the refused use is in the audit log', async () => {
        found = await listAll<AuditEvent>(admin, `/api/v1/audit-events?requestId=${requestId}`);
        return found.length > 0;
      });
      expect(found).toMatchObject([
        {
          action: 'token.use_refused',
          outcome: 'refused',
          target: { id: token.id },
          details: { reason: 'token_deleted' },
        },
      ]);
      expect(JSON.stringify(await listEvents(admin))).not.toContain(value);
    });
  });
});
