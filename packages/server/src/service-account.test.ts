import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

const URL = '/api/v1/service-accounts';
const UNKNOWN = `sa_${'0'.repeat(26)}`;

describe.each(engines)('service accounts on $name', (engine) => {
  let door: Door;
  let outsider: string;
  beforeAll(async () => {
    door = await openDoor(engine);
    outsider = await door.createOutsider();
  });
  afterAll(() => door.close());

  test('201 with Location, ETag and receipt; it can then be read', async () => {
    const body = { displayName: 'CI', description: 'Builds', organizationRole: 'verifier', externalId: 'tf-1' };
    const made = await door.call('POST', URL, { body });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      ...body,
      status: 'active',
      owners: [],
      tokenCount: 0,
      lastUsedAt: null,
      createdBy: { kind: 'service_account', id: door.adminAccountId, displayName: 'bootstrap' },
    });
    expect(made.headers['location']).toBe(`${URL}/${made.body.id}`);
    expect(made.headers['postern-receipt']).toMatch(/^position=\d+, confirmed=1, expired=0, ms=[\d.]+$/);
    const found = await door.call('GET', made.headers['location'] ?? '');
    expect([found.status, found.body, found.headers['etag']]).toEqual([200, made.body, '"1"']);
  });

  test('409 when the externalId is taken', async () => {
    await door.createAccount({ externalId: 'taken' });
    const body = { displayName: 'x', organizationRole: 'member', externalId: 'taken' };
    const answer = await door.call('POST', URL, { body });
    expect([answer.status, answer.body.code]).toEqual([409, 'service_account.external_id_taken']);
  });

  test.each([
    ['/displayName', { displayName: '   ' }],
    ['/displayName', { displayName: 'a\nb' }],
    ['/displayName', { displayName: 'a\u202eb' }],
    ['/displayName', { displayName: 'x'.repeat(201) }],
    ['/displayName', { displayName: undefined }],
    ['/description', { description: 'x'.repeat(2_001) }],
    ['/description', { description: 'a\u0000' }],
    ['/organizationRole', { organizationRole: undefined }],
    ['/externalId', { externalId: '' }],
  ])('400 at %s for %j', async (path, fields) => {
    const answer = await door.call('POST', URL, { body: { displayName: 'x', organizationRole: 'member', ...fields } });
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
  });

  test('200 for a change, which moves the ETag; 412 for the ETag before', async () => {
    const id = await door.createAccount();
    const headers = { 'if-match': '"1"' };
    const changed = await door.call('PATCH', `${URL}/${id}`, {
      headers,
      body: { displayName: 'New', externalId: null },
    });
    expect([changed.status, changed.body.displayName, changed.headers['etag']]).toEqual([200, 'New', '"2"']);
    const again = await door.call('PATCH', `${URL}/${id}`, { headers, body: { displayName: 'Newer' } });
    expect([again.status, again.body.code]).toEqual([412, 'precondition.failed']);
    expect((await door.call('GET', `${URL}/${id}`)).body.displayName).toBe('New');
  });

  test.each([
    ['*', 200],
    ['"2"', 412],
    ['W/"1"', 412],
    ['"abc"', 412],
    ['"0"', 412],
    ['1', 400],
    ['"1", "2"', 400],
    ['"1', 400],
  ])('If-Match: %s answers %i', async (ifMatch, status) => {
    const id = await door.createAccount();
    const headers = { 'if-match': ifMatch };
    expect((await door.call('PATCH', `${URL}/${id}`, { headers, body: { description: 'x' } })).status).toBe(status);
  });

  test.each([
    ['POST', '/disable'],
    ['POST', '/enable'],
    ['DELETE', ''],
  ])('412 for %s %s with another ETag', async (method, path) => {
    const id = await door.createAccount();
    const answer = await door.call(method, `${URL}/${id}${path}`, { headers: { 'if-match': '"9"' } });
    expect([answer.status, answer.body.code]).toEqual([412, 'precondition.failed']);
  });

  test('disabling ends its tokens, enabling revives none, both say the same twice', async () => {
    const { accountId, value } = await door.createCaller('member');
    const disabled = await door.call('POST', `${URL}/${accountId}/disable`);
    expect([disabled.status, disabled.body.status, disabled.body.tokenCount]).toEqual([200, 'disabled', 0]);
    expect(disabled.body.receipt).toMatchObject({ position: expect.any(Number), confirmed: 1, expired: 0 });
    expect(disabled.headers['postern-receipt']).toContain(`position=${disabled.body.receipt.position},`);
    expect((await door.call('GET', '/api/v1/me', { token: value })).status).toBe(401);
    const twice = await door.call('POST', `${URL}/${accountId}/disable`);
    expect([twice.status, twice.headers['etag']]).toEqual([200, disabled.headers['etag']]);
    const enabled = await door.call('POST', `${URL}/${accountId}/enable`);
    expect([enabled.status, enabled.body.status]).toEqual([200, 'active']);
    expect((await door.call('GET', '/api/v1/me', { token: value })).status).toBe(401);
  });

  test('204 for deleting, then 404 for everything', async () => {
    const { accountId, value } = await door.createCaller('member');
    const deleted = await door.call('DELETE', `${URL}/${accountId}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect(deleted.headers['postern-receipt']).toMatch(/^position=/);
    expect((await door.call('GET', '/api/v1/me', { token: value })).status).toBe(401);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/disable'],
      ['POST', '/enable'],
      ['GET', '/tokens'],
      ['DELETE', '/tokens'],
    ] as const) {
      const body = method === 'PATCH' ? {} : undefined;
      const answer = await door.call(method, `${URL}/${accountId}${path}`, { body });
      expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 404, 'service_account.not_found']);
    }
  });

  test('409 for a change that would lock its own caller out', async () => {
    for (const [method, path, body] of [
      ['POST', '/disable', undefined],
      ['DELETE', '', undefined],
      ['DELETE', '/tokens', undefined],
      ['PATCH', '', { organizationRole: 'member' }],
    ] as const) {
      const answer = await door.call(method, `${URL}/${door.adminAccountId}${path}`, { body });
      expect([path, answer.status, answer.body.code]).toEqual([path, 409, 'caller.locked_out']);
    }
  });

  test('of another organization nothing is there: 404, and all alike', async () => {
    const id = await door.createAccount();
    const answers = await Promise.all(
      [id, UNKNOWN, 'sa_x', 'anything'].map((each) => door.call('GET', `${URL}/${each}`, { token: outsider })),
    );
    for (const { status, body } of answers) {
      const { requestId, ...rest } = body;
      expect([status, rest]).toEqual([404, { ...answers[0]?.body, requestId: undefined }]);
    }
    const listed = await door.call('GET', URL, { token: outsider });
    expect(listed.body.items.map((item: { displayName: string }) => item.displayName)).toEqual(['outsider']);
  });

  test('403 names what is missing, before any id is looked up, and a refused mutation is in the audit log by then', async () => {
    const { value, accountId } = await door.createCaller('member');
    const read = await door.call('GET', `${URL}/${UNKNOWN}`, { token: value });
    expect([read.status, read.body.code, read.body.permission]).toEqual([
      403,
      'permission.missing',
      'service_account.read',
    ]);
    expect(read.headers['www-authenticate']).toBe(
      'Bearer realm="postern", error="insufficient_scope", scope="service_account.read"',
    );
    const answer = await door.call('DELETE', `${URL}/${UNKNOWN}`, { token: value });
    expect(answer.status).toBe(403);
    expect(await door.listEvents(`&actorId=${accountId}`)).toEqual([
      expect.objectContaining({
        action: 'service_account.delete',
        outcome: 'refused',
        code: 'permission.missing',
        requestId: answer.headers['x-request-id'],
        target: { kind: 'service_account', id: UNKNOWN, displayName: null },
        actor: expect.objectContaining({ id: accountId }),
      }),
    ]);
  });

  test('400 comes before 403: who may not do it learns nothing, and nothing is noted', async () => {
    const { value, accountId } = await door.createCaller('member');
    expect((await door.call('POST', URL, { token: value, body: { nonsense: 1 } })).status).toBe(400);
    expect(await door.listEvents(`&actorId=${accountId}`)).toEqual([]);
  });

  test('a refused mutation leaves its event, also for an id that is none', async () => {
    const answer = await door.call('DELETE', `${URL}/not-an-id`);
    expect(answer.status).toBe(404);
    const [event] = await door.listEvents(`&requestId=${answer.headers['x-request-id']}`);
    expect(event).toMatchObject({
      action: 'service_account.delete',
      outcome: 'refused',
      code: 'service_account.not_found',
      target: null,
    });
  });

  test('lists by filter, search and order', async () => {
    const id = await door.createAccount({ displayName: 'Zebra 100%_done' });
    await door.call('POST', `${URL}/${id}/disable`);
    const names = async (query: string) =>
      (await door.call('GET', `${URL}?${query}`)).body.items.map((item: { displayName: string }) => item.displayName);
    expect(await names('status=disabled&search=ZEBRA')).toEqual(['Zebra 100%_done']);
    expect(await names('search=0%25_d')).toEqual(['Zebra 100%_done']);
    expect(await names('search=%25%25')).toEqual([]);
    expect(await names('status=active&search=zebra')).toEqual([]);
    expect((await names('sort=-name&limit=1'))[0]).toBe('Zebra 100%_done');
    expect(await names('organizationRole=admin')).toContain('bootstrap');
  });

  test('pages by a cursor that opens nowhere else', async () => {
    for (let index = 0; index < 5; index += 1) await door.createAccount({ displayName: `Page ${index}` });
    const seen: string[] = [];
    let cursor = '';
    let first = '';
    do {
      const page = await door.call('GET', `${URL}?search=page&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.body.items.map((item: { displayName: string }) => item.displayName));
      cursor = page.body.nextCursor ?? '';
      first ||= cursor;
    } while (cursor);
    expect(seen).toEqual(['Page 0', 'Page 1', 'Page 2', 'Page 3', 'Page 4']);

    const tampered = `${first.slice(0, -2)}${first.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const [what, url, token] of [
      ['tampered', `${URL}?search=page&cursor=${tampered}`, door.admin],
      ['no cursor', `${URL}?search=page&cursor=abc`, door.admin],
      ['other filters', `${URL}?search=pages&cursor=${first}`, door.admin],
      ['another list', `/api/v1/tokens?search=page&cursor=${first}`, door.admin],
      ['another organization', `${URL}?search=page&cursor=${first}`, outsider],
    ] as const) {
      const answer = await door.call('GET', url, { token });
      expect([what, answer.status, answer.body.errors?.[0]?.path]).toEqual([what, 400, '/cursor']);
    }
    expect((await door.call('GET', `${URL}?limit=5&search=page&cursor=${first}`)).status).toBe(200);
  });

  test('201 with one and the same account for fifty requests under one key at once', async () => {
    const body = { displayName: 'Once', organizationRole: 'member' };
    const headers = { 'idempotency-key': 'once-0123456789-0123456789' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => door.call('POST', URL, { body, headers })));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect((await door.call('GET', `${URL}?search=once`)).body.items).toHaveLength(1);
    const id = answers[0]?.body.id;
    expect((await door.listEvents(`&targetId=${id}`)).map(({ action }) => action)).toEqual(['service_account.create']);
    const other = await door.call('POST', URL, { body: { ...body, displayName: 'Twice' }, headers });
    expect([other.status, other.body.code]).toEqual([409, 'idempotency.mismatch']);
    const { value } = await door.createCaller('admin');
    expect((await door.call('POST', URL, { token: value, body, headers })).body.id).not.toBe(id);
  });

  test.each(['short', 'x'.repeat(129), 'with space 0123456789 0123', 'ünicode-0123456789-0123456789'])(
    '400 for the Idempotency-Key "%s"',
    async (key) => {
      const body = { displayName: 'x', organizationRole: 'member' };
      const answer = await door.call('POST', URL, { body, headers: { 'idempotency-key': key } });
      expect([answer.status, answer.body.code]).toEqual([400, 'idempotency.key_invalid']);
    },
  );
});
