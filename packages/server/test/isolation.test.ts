import { randomBytes } from 'node:crypto';
import { mintTokenValue } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ACCOUNTS,
  type Answer,
  type AuditEvent,
  accountPath,
  type Client,
  call,
  callExpecting,
  createAccount,
  createToken,
  eventually,
  type IssuedToken,
  isActive,
  listAll,
  type Page,
  type Problem,
  readAccount,
  readToken,
  type ServiceAccount,
  type Token,
  tokenPath,
} from './api.ts';
import { ENGINES, startPostern, type TestServer } from './postern.ts';

const UNKNOWN = { id: `sa_${'0'.repeat(26)}` };
const UNKNOWN_TOKEN = { id: `tok_${'0'.repeat(26)}` };

/** Organizations do not see each other: what belongs to another one is as if it were not there. */
describe.for(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  /** Admins of two organizations. */
  let ours: Client & { readonly token: string };
  let theirs: Client & { readonly token: string };
  let account: ServiceAccount;
  let theirAccount: ServiceAccount;
  let theirToken: Token;
  let theirValue: string;

  beforeAll(async () => {
    server = await startPostern(engine, { POSTERN_ORGANIZATION: 'Theirs' });
    const first = server.admin.token;
    // A server makes one organization by itself. One that has forgotten it makes another beside it.
    await server.query('delete from bootstrap returning id');
    const second = mintTokenValue(randomBytes).reveal();
    await server.restart({ env: { POSTERN_ADMIN_TOKEN: second, POSTERN_ORGANIZATION: 'Ours' } });
    theirs = { url: server.url, token: first };
    ours = { url: server.url, token: second };
    account = await createAccount(ours, { displayName: 'Same name', externalId: 'same-key' });
    theirAccount = await createAccount(theirs, { displayName: 'Same name', externalId: 'same-key' });
    const issued = await createToken(theirs, theirAccount, { name: 'theirs only' });
    theirToken = issued.token;
    theirValue = issued.value;
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** What an answer says, without what differs from one request to the next. */
  function comparable({ status, headers, text }: Answer<unknown>) {
    const kept = [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
    return { status, headers: kept, text: text.replace(/"requestId":"req_\w+"/, '') };
  }

  async function names(client: Client): Promise<string[]> {
    const organization = await call<{ name: string }>(client, 'GET', '/api/v1/organization');
    return [organization.body.name];
  }

  test('two organizations are there', async () => {
    expect([await names(ours), await names(theirs)]).toEqual([['Ours'], ['Theirs']]);
  });

  const attempts = [
    ['GET', (id) => accountPath({ id })],
    ['PATCH', (id) => accountPath({ id }), { displayName: 'Stolen' }],
    ['POST', (id) => accountPath({ id }, '/disable')],
    ['POST', (id) => accountPath({ id }, '/enable')],
    ['DELETE', (id) => accountPath({ id })],
    ['GET', (id) => accountPath({ id }, '/tokens')],
    ['GET', (id) => accountPath({ id }, '/tokens?deleted=true')],
    ['POST', (id) => accountPath({ id }, '/tokens'), { name: 'Stolen' }],
    ['DELETE', (id) => accountPath({ id }, '/tokens')],
    ['GET', (id, tokenId) => tokenPath({ id }, { id: tokenId })],
    ['PATCH', (id, tokenId) => tokenPath({ id }, { id: tokenId }), { name: 'Stolen' }],
    ['POST', (id, tokenId) => tokenPath({ id }, { id: tokenId }, '/refresh')],
    ['POST', (id, tokenId) => tokenPath({ id }, { id: tokenId }, '/end-overlap')],
    ['GET', (id, tokenId) => tokenPath({ id }, { id: tokenId }, '/callers')],
    ['GET', (id, tokenId) => tokenPath({ id }, { id: tokenId }, '/usage')],
    ['DELETE', (id, tokenId) => tokenPath({ id }, { id: tokenId })],
    ['POST', () => '/api/v1/tokens/revoke', 'accountId'],
  ] as const satisfies readonly (readonly [string, (id: string, tokenId: string) => string, (object | string)?])[];

  /** Without up to when use is known: that moves on by itself. */
  async function readTheirs(): Promise<unknown> {
    const token: object = await readToken(theirs, theirAccount, theirToken);
    return [await readAccount(theirs, theirAccount), { ...token, usageCompleteUntil: null }];
  }

  test('404 for what is theirs, byte for byte as for what is nobody’s, and nothing happens to it', async () => {
    const before = await readTheirs();
    const eventsBefore = await listAll<AuditEvent>(theirs, '/api/v1/audit-events');
    for (const [method, path, given] of attempts) {
      for (const headers of [{}, { 'if-match': '"1"' }]) {
        const send = (id: string, tokenId: string) => {
          const body = given === 'accountId' ? { accountId: id } : given;
          return call<Problem>(ours, method, path(id, tokenId), { body, headers });
        };
        const stolen = await send(theirAccount.id, theirToken.id);
        const unknown = await send(UNKNOWN.id, UNKNOWN_TOKEN.id);
        expect(stolen.status, `${method} ${path('…', '…')}`).toBe(404);
        expect(comparable(stolen)).toEqual(comparable(unknown));
      }
    }
    // Their token under our account is not there either.
    const mixed = await call<Problem>(ours, 'GET', tokenPath(account, theirToken));
    expect(comparable(mixed)).toEqual(comparable(await call(ours, 'GET', tokenPath(account, UNKNOWN_TOKEN))));

    expect(await readTheirs()).toEqual(before);
    expect(await listAll<AuditEvent>(theirs, '/api/v1/audit-events')).toEqual(eventsBefore);
    expect(await isActive(theirs, theirValue)).toBe(true);
  });

  test('lists, searches, filters and counts hold nothing of theirs', async () => {
    const [their] = await listAll<ServiceAccount>(theirs, `${ACCOUNTS}?search=bootstrap`);
    const paths = [
      ACCOUNTS,
      `${ACCOUNTS}?search=same%20name`,
      '/api/v1/tokens',
      '/api/v1/tokens?search=theirs',
      `/api/v1/tokens?hint=${theirToken.hint}`,
      '/api/v1/audit-events',
      `/api/v1/audit-events?targetId=${theirAccount.id}`,
      `/api/v1/audit-events?principalId=${theirAccount.id}`,
      `/api/v1/audit-events?actorId=${their?.id}`,
    ];
    for (const path of paths) {
      const text = JSON.stringify(await listAll(ours, path));
      const [event] = await listAll<AuditEvent>(theirs, '/api/v1/audit-events');
      for (const secret of [
        theirAccount.id,
        theirToken.id,
        their?.id ?? '',
        event?.id ?? '',
        'Theirs',
        'theirs only',
      ]) {
        // Our own refused attempts name ids that we made up, or got from elsewhere.
        if (path.startsWith('/api/v1/audit-events')) expect(text).not.toContain(`"displayName":"${secret}"`);
        else expect(text).not.toContain(secret);
      }
    }
    expect((await listAll<ServiceAccount>(ours, `${ACCOUNTS}?search=same`)).map(({ id }) => id)).toEqual([account.id]);
    const requests = await listAll<AuditEvent>(theirs, '/api/v1/audit-events');
    for (const { requestId } of requests.filter((each) => each.requestId !== null)) {
      expect(await listAll(ours, `/api/v1/audit-events?requestId=${requestId}`)).toEqual([]);
    }
  });

  test('a token of theirs is not active for us, and its use by us leaves no trace there', async () => {
    const issued = await createToken(theirs, theirAccount);
    const dead = await createToken(theirs, theirAccount);
    await callExpecting(204, theirs, 'DELETE', tokenPath(theirAccount, dead.token));
    const unknown = mintTokenValue(randomBytes).reveal();
    const answers = [];
    for (const token of [issued.value, dead.value, unknown]) {
      const body = { token, permission: 'service_account.read', clientAddress: '192.0.2.9', userAgent: 'spy' };
      answers.push(await call(ours, 'POST', '/api/v1/tokens/verify', { body }));
      const form = await fetch(`${ours.url}/oauth2/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ours.token}` },
        body: new URLSearchParams({ token, client_address: '192.0.2.9' }),
      });
      expect(await form.text()).toBe('{"active":false}');
    }
    for (const answer of answers) {
      expect(answer.text).toBe('{"active":false}');
      expect(comparable(answer)).toEqual(comparable(answers[0] as Answer<unknown>));
    }
    // One use of their own, so that it is known when all use has been written.
    const used = await call({ url: server.url, token: issued.value }, 'GET', '/api/v1/me');
    expect(used.status).toBe(200);
    const callers = () =>
      callExpecting<Page<{ calls: number; userAgent: string }>>(
        200,
        theirs,
        'GET',
        tokenPath(theirAccount, issued.token, '/callers'),
      );
    await eventually('their own use is noted', async () => (await callers()).body.items.length > 0);
    const noted = (await callers()).body.items;
    expect(noted.reduce((sum, { calls }) => sum + calls, 0)).toBe(1);
    expect(JSON.stringify(noted)).not.toMatch(/spy|192\.0\.2\.9/);
    const refused = await listAll<AuditEvent>(theirs, `/api/v1/audit-events?targetId=${dead.token.id}`);
    expect(refused.map(({ action }) => action).sort()).toEqual(['token.create', 'token.delete']);
  });

  test('400 for their cursors, though the list and the filters are the same', async () => {
    for (const path of [`${ACCOUNTS}?limit=1`, '/api/v1/tokens?limit=1', '/api/v1/audit-events?limit=1']) {
      const page = await callExpecting<Page<unknown>>(200, theirs, 'GET', path);
      const cursor = page.body.nextCursor;
      expect(cursor).not.toBeNull();
      await callExpecting(200, theirs, 'GET', `${path}&cursor=${cursor}`);
      const refused = await callExpecting<Problem>(400, ours, 'GET', `${path}&cursor=${cursor}`);
      expect(refused.body).toMatchObject({ code: 'request.invalid', errors: [{ path: '/cursor' }] });
      const garbage = await callExpecting<Problem>(400, ours, 'GET', `${path}&cursor=garbage`);
      expect(comparable(refused)).toEqual(comparable(garbage));
    }
  });

  test('the same externalId, name and Idempotency-Key belong to each for itself', async () => {
    expect(account.externalId).toBe(theirAccount.externalId);
    const headers = { 'idempotency-key': randomBytes(24).toString('base64url') };
    const create = (client: Client, target: ServiceAccount) =>
      callExpecting<IssuedToken>(201, client, 'POST', accountPath(target, '/tokens'), { body: { name: 'n' }, headers });
    const [mine, their] = [await create(ours, account), await create(theirs, theirAccount)];
    expect(mine.body.value).not.toBe(their.body.value);
    expect(await isActive(ours, mine.body.value)).toBe(true);
    expect(await isActive(ours, their.body.value)).toBe(false);
    // The path is part of a request, so this would be another one, were the key not ours alone.
    const taken = await call<Problem>(ours, 'POST', accountPath(theirAccount, '/tokens'), {
      body: { name: 'n' },
      headers,
    });
    const unknown = await call<Problem>(ours, 'POST', accountPath(UNKNOWN, '/tokens'), {
      body: { name: 'n' },
      headers,
    });
    expect(comparable(taken)).toEqual(comparable(unknown));
  });

  test('revoking everything ends nothing of theirs', async () => {
    const mine = await createToken(ours, account);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const body = {
      createdBefore: later,
      createdBy: (await callExpecting<{ id: string }>(200, ours, 'GET', '/api/v1/me')).body.id,
    };
    const revoked = await callExpecting<{ tokens: Token[] }>(200, ours, 'POST', '/api/v1/tokens/revoke', { body });
    expect(revoked.body.tokens.map(({ id }) => id)).toContain(mine.token.id);
    expect(await isActive(ours, mine.value)).toBe(false);
    expect(await isActive(theirs, theirValue)).toBe(true);
    const their = {
      createdBefore: later,
      createdBy: (await callExpecting<{ id: string }>(200, theirs, 'GET', '/api/v1/me')).body.id,
    };
    const nothing = await callExpecting(200, ours, 'POST', '/api/v1/tokens/revoke', { body: their });
    expect(nothing.body).toMatchObject({ revoked: 0, tokens: [] });
    expect(await isActive(theirs, theirValue)).toBe(true);
  });

  test('positions in receipts count our own changes, not theirs', async () => {
    const position = (answer: Answer<unknown>) =>
      Number(/position=(\d+)/.exec(answer.headers.get('postern-receipt') ?? '')?.[1]);
    const rename = (displayName: string) =>
      callExpecting(200, ours, 'PATCH', accountPath(account), { body: { displayName } });
    const first = position(await rename('Renamed once'));
    for (let change = 0; change < 5; change += 1) await createToken(theirs, theirAccount);
    expect(position(await rename('Renamed twice'))).toBe(first + 1);
  });
});
