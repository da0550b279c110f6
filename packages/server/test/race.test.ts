import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ACCOUNTS,
  type Answer,
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
  type Problem,
  readAccount,
  readToken,
  refreshToken,
  type ServiceAccount,
  type Token,
  tokenPath,
  type Verification,
  watchEvents,
} from './api.ts';
import { ENGINES, startPostern, type TestServer } from './postern.ts';

const LANES = 24;
const BEFORE = 1_000;
const AFTER = 240;
const ROUNDS = 20;

/** One verification: whether the value still did what it shall not do any more. */
type Ask = () => Promise<boolean>;

interface Load {
  /** Verifications that were sent before the change was answered. */
  readonly before: number;
  readonly succeededBefore: number;
  /** Verifications that were sent after the answer was there. */
  readonly late: number;
  readonly succeededLate: number;
}

/**
 * Keeps verifications in flight on many lanes; once a thousand have succeeded, makes the change among them; goes on until
 * hundreds were sent after its answer.
 */
async function changeUnderLoad(asks: readonly Ask[], change: () => Promise<unknown>): Promise<Load> {
  const count = { before: 0, succeededBefore: 0, late: 0, succeededLate: 0 };
  const warm = Promise.withResolvers<void>();
  let answered = false;

  async function lane(index: number): Promise<void> {
    for (let turn = index; count.late < AFTER; turn += 1) {
      const isLate = answered;
      const succeeded = await (asks[turn % asks.length] as Ask)();
      count[isLate ? 'late' : 'before'] += 1;
      if (succeeded) count[isLate ? 'succeededLate' : 'succeededBefore'] += 1;
      if (count.succeededBefore >= BEFORE) warm.resolve();
      // The change was made, or will never be: nothing more to see.
      else if (!isLate && count.before > BEFORE * 4) throw new Error('the value does not work to begin with');
    }
  }

  const lanes = Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
  // A lane that fails ends the wait as well.
  await Promise.race([warm.promise, lanes]);
  try {
    await change();
  } finally {
    answered = true;
  }
  await lanes;
  return count;
}

/** How long writers may be kept out before Postern says that it waits no longer, with something to spare. */
const SOON_MS = 1_500;
const ATTEMPTS = 5;

/** The machine stood still while writers were kept out, until Postern gave up: the round says nothing. */
class StoodStill extends Error {}

/** Does it so many times; again where the machine stood still. */
async function inRounds(rounds: number, play: () => Promise<void>): Promise<void> {
  for (let round = 0, attempt = 1; round < rounds; ) {
    try {
      await play();
      round += 1;
      attempt = 1;
    } catch (error) {
      if (!(error instanceof StoodStill) || attempt >= ATTEMPTS) throw error;
      attempt += 1;
    }
  }
}

let callers = 0;

/** An address of its own for each caller: failures are throttled by address, and here they are the point. */
function fromSomewhere(): Record<string, string> {
  callers += 1;
  return { 'x-forwarded-for': `10.${(callers >> 16) & 255}.${(callers >> 8) & 255}.${callers & 255}` };
}

describe.for(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let admin: Client;
  /** Every process that answers for this database. */
  let nodes: readonly Client[];

  beforeAll(async () => {
    server = await startPostern(engine, { POSTERN_TRUSTED_PROXIES: '127.0.0.1' });
    admin = server.admin;
    const others = engine === 'postgres' ? [await server.startAnother()] : [];
    nodes = [admin, ...others];
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** All ways in which a value can be verified, on all nodes. */
  function waysToVerify(value: string): Ask[] {
    return nodes.flatMap((node) => [
      async () => {
        const { status } = await call({ url: node.url, token: value }, 'GET', '/api/v1/me', {
          headers: fromSomewhere(),
        });
        expect([200, 401]).toContain(status);
        return status === 200;
      },
      () => isActive(node, value),
      async () => {
        const body = { token: value, permission: 'service_account.read' };
        const { status, body: verdict } = await call<Verification>(node, 'POST', '/api/v1/tokens/verify', { body });
        expect(status).toBe(200);
        return verdict.active;
      },
      async () => {
        const response = await fetch(`${node.url}/oauth2/introspect`, {
          method: 'POST',
          headers: { authorization: `Bearer ${node.token}` },
          body: new URLSearchParams({ token: value }),
        });
        expect(response.status).toBe(200);
        return ((await response.json()) as { active: boolean }).active;
      },
    ]);
  }

  test('a caller that is revoked while its body is on the way is refused, whatever its headers were', async () => {
    const account = await createAccount(admin, { organizationRole: 'verifier' });
    const verifier = await createToken(admin, account);
    const body = JSON.stringify({ token: verifier.value });
    const request = httpRequest(`${admin.url}/api/v1/tokens/verify`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${verifier.value}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        expect: '100-continue',
      },
    });
    request.flushHeaders();
    // The server has read the headers, and asks for the body.
    await once(request, 'continue');
    await callExpecting(204, admin, 'DELETE', tokenPath(account, verifier.token));
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(401);
  });

  function expectCut(load: Load): void {
    expect(load.succeededBefore).toBeGreaterThanOrEqual(BEFORE);
    expect(load.late).toBeGreaterThanOrEqual(AFTER);
    expect(load.succeededLate).toBe(0);
  }

  async function createAccountWithToken(organizationRole = 'member') {
    const account = await createAccount(admin, { organizationRole });
    return { account, ...(await createToken(admin, account)) };
  }

  /** Sends all while nobody can write, and lets writers go on once each request has been read and has come to the lock. */
  async function atOnce<Body>(requests: readonly (() => Promise<Answer<Body>>)[]): Promise<Answer<Body>[]> {
    const lock = await server.lockWriters();
    const locked = performance.now();
    const answers = Promise.all(requests.map((send) => send()));
    try {
      // Embedded, one thread reads in the order of arrival: what is answered now was asked after all of them.
      for (let trip = 0; trip < 10; trip += 1) await callExpecting(200, admin, 'GET', `${ACCOUNTS}?limit=1`);
      await eventually('all wait', async () => ((await lock.countWaiting()) ?? requests.length) >= requests.length);
    } finally {
      await lock.unlock();
    }
    const late = performance.now() - locked > SOON_MS;
    if (late && (await answers).some(({ status }) => status === 503)) throw new StoodStill();
    return answers;
  }

  function positionOf(answer: Answer<unknown>): number {
    return Number(/position=(\d+)/.exec(answer.headers.get('postern-receipt') ?? '')?.[1]);
  }

  describe('no verification that was sent after the answer succeeds', () => {
    test('when the account is disabled', async () => {
      const { account, value } = await createAccountWithToken();
      const change = () => callExpecting(200, admin, 'POST', accountPath(account, '/disable'));
      expectCut(await changeUnderLoad(waysToVerify(value), change));
    });

    test('when the token is deleted', async () => {
      const { account, token, value } = await createAccountWithToken();
      const change = () => callExpecting(204, admin, 'DELETE', tokenPath(account, token));
      expectCut(await changeUnderLoad(waysToVerify(value), change));
    });

    test('when all tokens of the account are deleted', async () => {
      const { account, value } = await createAccountWithToken();
      const change = () => callExpecting(200, admin, 'DELETE', accountPath(account, '/tokens'));
      expectCut(await changeUnderLoad(waysToVerify(value), change));
    });

    test('when the account is deleted', async () => {
      const { account, value } = await createAccountWithToken();
      const change = () => callExpecting(204, admin, 'DELETE', accountPath(account));
      expectCut(await changeUnderLoad(waysToVerify(value), change));
    });

    test('when the token is refreshed without overlap; its new value works from the answer on', async () => {
      const { account, token, value } = await createAccountWithToken();
      let current: string | undefined;
      let refused = 0;
      const newValue: Ask = async () => {
        if (current === undefined) return true;
        if (!(await isActive(nodes[refused % nodes.length] as Client, current))) refused += 1;
        return false;
      };
      const change = async () => {
        current = (await refreshToken(admin, account, token)).value;
      };
      expectCut(await changeUnderLoad([...waysToVerify(value), newValue], change));
      expect(current).toBeDefined();
      expect(refused).toBe(0);
    });

    test('when the overlap of the old value is ended', async () => {
      const { account, token, value } = await createAccountWithToken();
      await refreshToken(admin, account, token, { overlapSeconds: 3_600 });
      const change = () => callExpecting(200, admin, 'POST', tokenPath(account, token, '/end-overlap'));
      expectCut(await changeUnderLoad(waysToVerify(value), change));
    });

    test('when it is among the tokens that are revoked', async () => {
      const { account, value } = await createAccountWithToken();
      const body = { accountId: account.id };
      const change = () => callExpecting(200, admin, 'POST', '/api/v1/tokens/revoke', { body });
      expectCut(await changeUnderLoad(waysToVerify(value), change));
    });

    test('when it ends itself', async () => {
      const { value } = await createAccountWithToken();
      const change = () => callExpecting(204, { url: server.url, token: value }, 'DELETE', '/api/v1/me/token');
      expectCut(await changeUnderLoad(waysToVerify(value), change));
    });

    test('with the right that its account lost', async () => {
      const { account, value } = await createAccountWithToken('admin');
      const asks: Ask[] = nodes.flatMap((node) => [
        async () => {
          const body = { token: value, permission: 'service_account.read' };
          const answer = await callExpecting<Verification>(200, node, 'POST', '/api/v1/tokens/verify', { body });
          return answer.body.allowed === true;
        },
        async () => {
          const { status } = await call({ url: node.url, token: value }, 'GET', `${ACCOUNTS}?limit=1`);
          expect([200, 403]).toContain(status);
          return status === 200;
        },
      ]);
      const body = { organizationRole: 'member' };
      const change = () => callExpecting(200, admin, 'PATCH', accountPath(account), { body });
      expectCut(await changeUnderLoad(asks, change));
    });
  });

  describe('access that was taken is not there for any verification sent after the answer', () => {
    interface Prepared {
      readonly accountId: string;
      readonly workspaceId: string;
      readonly groupId: string;
      readonly roleId: string;
    }

    const created = async (path: string, body: object) =>
      (await callExpecting<{ readonly id: string }>(201, admin, 'POST', `/api/v1${path}`, { body })).body.id;
    const set = (path: string, body: object) => callExpecting(200, admin, 'PUT', `/api/v1${path}`, { body });
    const remove = (path: string) => callExpecting(204, admin, 'DELETE', `/api/v1${path}`);
    const patch = (path: string, body: object) => callExpecting(200, admin, 'PATCH', `/api/v1${path}`, { body });

    /** Its role in the workspace: its own, or carried by a group. */
    const direct = ({ workspaceId, accountId, roleId }: Prepared) =>
      set(`/workspaces/${workspaceId}/members/${accountId}`, { role: roleId });
    const carried = async ({ workspaceId, groupId, accountId, roleId }: Prepared) => {
      await set(`/groups/${groupId}/members/${accountId}`, { role: 'member' });
      await set(`/workspaces/${workspaceId}/groups/${groupId}`, { role: roleId });
    };

    test.each<[string, (made: Prepared) => Promise<unknown>, (made: Prepared) => Promise<unknown>]>([
      ['its role', direct, ({ workspaceId, accountId }) => remove(`/workspaces/${workspaceId}/members/${accountId}`)],
      [
        'its place in the group',
        carried,
        ({ groupId, accountId }) => remove(`/groups/${groupId}/members/${accountId}`),
      ],
      [
        'what the group carries',
        carried,
        ({ workspaceId, groupId }) => remove(`/workspaces/${workspaceId}/groups/${groupId}`),
      ],
      ['the group', carried, ({ groupId }) => remove(`/groups/${groupId}`)],
      ['the workspace', direct, ({ workspaceId }) => remove(`/workspaces/${workspaceId}`)],
      ['a permission of its role', direct, ({ roleId }) => patch(`/roles/${roleId}`, { permissions: [] })],
      [
        'a better role',
        direct,
        ({ workspaceId, accountId }) => set(`/workspaces/${workspaceId}/members/${accountId}`, { role: 'viewer' }),
      ],
    ])('%s', async (_what, prepare, change) => {
      const { account, value } = await createAccountWithToken();
      const name = `w${randomBytes(6).toString('hex')}`;
      const made: Prepared = {
        accountId: account.id,
        workspaceId: await created('/workspaces', { name }),
        groupId: await created('/groups', { name }),
        roleId: await created('/roles', { name, permissions: ['workspace.read', 'workspace.run'] }),
      };
      await prepare(made);
      const asks = nodes.map((node) => async () => {
        const body = { token: value, permission: 'workspace.run', workspace: made.workspaceId };
        const { body: verdict } = await callExpecting<Verification>(200, node, 'POST', '/api/v1/tokens/verify', {
          body,
        });
        return verdict.allowed === true;
      });
      expectCut(await changeUnderLoad(asks, () => change(made)));
    });

    test('all of it, where the policy lets the account have tokens no more', async () => {
      const { account, value } = await createAccountWithToken();
      const name = `g${randomBytes(6).toString('hex')}`;
      const groupId = await created('/groups', { name });
      const me = await callExpecting<{ readonly id: string }>(200, admin, 'GET', '/api/v1/me');
      for (const id of [me.body.id, account.id]) await set(`/groups/${groupId}/members/${id}`, { role: 'member' });
      const policy = (creation: unknown) => patch('/organization', { tokenPolicy: { creation, requireExpiry: false } });
      await policy({ groupIds: [groupId] });
      expectCut(await changeUnderLoad(waysToVerify(value), () => remove(`/groups/${groupId}/members/${account.id}`)));
      await policy('everyone');
      expect(await isActive(admin, value)).toBe(true);
      expectCut(await changeUnderLoad(waysToVerify(value), () => policy({ groupIds: [groupId] })));
      await policy('everyone');
    });
  });

  test('a group that is deleted while somebody joins it: 404, or the membership goes with it', async () => {
    await inRounds(ROUNDS, async () => {
      const account = await createAccount(admin);
      const body = { name: `race ${randomBytes(6).toString('hex')}` };
      const group = await callExpecting<{ readonly id: string }>(201, admin, 'POST', '/api/v1/groups', { body });
      const path = `/api/v1/groups/${group.body.id}`;
      const join = () => call<Problem>(admin, 'PUT', `${path}/members/${account.id}`, { body: { role: 'member' } });
      const end = () => call<Problem>(nodes.at(-1) as Client, 'DELETE', path);
      const [joined, ended] = (await atOnce<Problem>([join, end])) as [Answer<Problem>, Answer<Problem>];
      expect([joined.status, ended.status]).toEqual([expect.toSatisfy((status) => [200, 404].includes(status)), 204]);
      const memberships = await callExpecting(200, admin, 'GET', accountPath(account, '/memberships'));
      expect(memberships.body).toEqual({ groups: [], workspaces: [] });
    });
  });

  describe('of two at once', () => {
    test('409 when two refreshes race: one new value, and only that works', async () => {
      await inRounds(ROUNDS, async () => {
        const { account, token, value } = await createAccountWithToken();
        const events = await watchEvents(admin);
        type Race = Answer<IssuedToken & Problem>;
        const refresh = (node: Client) => (): Promise<Race> =>
          call(node, 'POST', tokenPath(account, token, '/refresh'));
        const answers = await atOnce([refresh(nodes[0] as Client), refresh(nodes.at(-1) as Client)]);
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
        const [won, lost] = answers.sort((a, b) => a.status - b.status) as [Race, Race];
        expect(lost.body.code).toBe('token.refresh_conflict');
        expect(lost.text).not.toMatch(/pst_/);
        expect(await isActive(admin, won.body.value)).toBe(true);
        expect(await isActive(admin, value)).toBe(false);
        expect((await readToken(admin, account, token)).hint).toBe(won.body.token.hint);
        expect(await events()).toEqual(['token.refresh', 'token.refresh: refused token.refresh_conflict']);
      });
    });

    test('50 creates under one Idempotency-Key make one token with one value', async () => {
      const account = await createAccount(admin);
      const events = await watchEvents(admin);
      const headers = { 'idempotency-key': randomBytes(32).toString('base64url') };
      const create = (index: number) =>
        call<IssuedToken>(nodes[index % nodes.length] as Client, 'POST', accountPath(account, '/tokens'), {
          headers,
          body: { name: 'once' },
        });
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => create(index)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(new Set(answers.map((answer) => answer.headers.get('location'))).size).toBe(1);
      const { token, value } = (answers[0] as Answer<IssuedToken>).body;
      const tokens = await listAll<Token>(admin, accountPath(account, '/tokens'));
      expect(tokens.map(({ id }) => id)).toEqual([token.id]);
      expect(await isActive(admin, value)).toBe(true);
      expect(await events()).toEqual(['token.create', ...Array(49).fill('token.value_replayed')]);
    });

    test('8 refreshes under one Idempotency-Key make one new value', async () => {
      await inRounds(1, async () => {
        const { account, token, value } = await createAccountWithToken();
        const headers = { 'idempotency-key': randomBytes(32).toString('base64url') };
        const refresh = (index: number) => () =>
          call<IssuedToken>(nodes[index % nodes.length] as Client, 'POST', tokenPath(account, token, '/refresh'), {
            headers,
          });
        const answers = await atOnce(Array.from({ length: 8 }, (_, index) => refresh(index)));
        expect(answers.map(({ status, text }) => [status, status === 200 ? '' : text])).toEqual(
          Array(8).fill([200, '']),
        );
        expect(new Set(answers.map(({ body }) => body.value)).size).toBe(1);
        expect(new Set(answers.map(({ body }) => JSON.stringify(body.token))).size).toBe(1);
        expect(await isActive(admin, value)).toBe(false);
        expect(await isActive(admin, (answers[0] as Answer<IssuedToken>).body.value)).toBe(true);
      });
    });

    test('10 creates of one externalId: one account, nine 409', async () => {
      const body = { displayName: 'Declared', organizationRole: 'member', externalId: `race-${engine}` };
      const create = (index: number) =>
        call<Problem>(nodes[index % nodes.length] as Client, 'POST', ACCOUNTS, { body });
      const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => create(index)));
      expect(answers.map(({ status, body: { code } }) => code ?? status).sort()).toEqual([
        201,
        ...Array(9).fill('service_account.external_id_taken'),
      ]);
    });
  });

  describe('a token that is being revoked cannot finish minting another', () => {
    test.for(['delete token', 'disable account', 'refresh token'] as const)('%s', async (how) => {
      const target = await createAccount(admin);
      const minted = new Set<string>();
      const outcomes = { 201: 0, 401: 0 };
      for (let round = 0; round < ROUNDS; round += 1) {
        const { account, token, value } = await createAccountWithToken('admin');
        const revoke = () => {
          if (how === 'delete token') return call(admin, 'DELETE', tokenPath(account, token));
          if (how === 'refresh token') return call(admin, 'POST', tokenPath(account, token, '/refresh'));
          return call(admin, 'POST', accountPath(account, '/disable'));
        };
        let answered = false;
        let late = 0;
        const ended = Promise.withResolvers<void>();
        const mint = async (index: number): Promise<void> => {
          // Two more after the answer, by each of those that mint.
          for (let more = 2; more > 0; ) {
            const isLate = answered;
            const node = nodes[index % nodes.length] as Client;
            const headers = fromSomewhere();
            const answer = await call<IssuedToken & Problem>(
              { url: node.url, token: value },
              'POST',
              accountPath(target, '/tokens'),
              { headers, body: { name: `${how} ${round}` } },
            );
            expect([201, 401], answer.text).toContain(answer.status);
            outcomes[answer.status as 201 | 401] += 1;
            if (answer.status === 401) expect(answer.body.code).toBe('token.invalid');
            if (answer.status === 201) {
              expect(isLate, 'minted by a request that was sent after the end').toBe(false);
              minted.add(answer.body.token.id);
              // What was minted was minted before the end, in the order that the change log knows.
              late = Math.max(late, positionOf(answer));
            }
            if (isLate) more -= 1;
          }
        };
        const minting = Promise.all([0, 1, 2, 3].map(mint));
        minting.catch(() => undefined);
        const revoking = (async () => {
          // At another moment in each round.
          for (let wait = 0; wait < round % 5; wait += 1) await callExpecting(200, admin, 'GET', '/api/v1/me');
          const answer = await revoke();
          answered = true;
          ended.resolve();
          return answer;
        })();
        const [answer] = await Promise.all([revoking, minting]);
        expect([200, 204], answer.text).toContain(answer.status);
        expect(positionOf(answer)).toBeGreaterThan(late);
      }
      // Nothing was minted but what was answered: 401 left nothing behind.
      const tokens = await listAll<Token>(admin, accountPath(target, '/tokens'));
      expect(new Set(tokens.map(({ id }) => id))).toEqual(minted);
      expect(outcomes[401]).toBeGreaterThanOrEqual(ROUNDS * 8);
      expect(outcomes[201]).toBeGreaterThan(0);
    });
  });

  test('disable against create token: 201 or 409, and afterwards no token works', async () => {
    const seen = new Set<string | number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const account = await createAccount(admin);
      const create = (index: number) =>
        call<IssuedToken & Problem>(nodes[index % nodes.length] as Client, 'POST', accountPath(account, '/tokens'), {
          body: { name: 'n' },
        });
      const creating = [create(0), create(1), create(2)];
      const disabling = call<Problem>(admin, 'POST', accountPath(account, '/disable'));
      creating.push(create(3), create(4), create(5));
      const created = await Promise.all(creating);
      expect((await disabling).status).toBe(200);
      for (const answer of created) {
        seen.add(answer.body.code ?? answer.status);
        if (answer.status === 201) expect(await isActive(admin, answer.body.value)).toBe(false);
      }
      expect(await readAccount(admin, account)).toMatchObject({ status: 'disabled', tokenCount: 0 });
      expect(await listAll(admin, accountPath(account, '/tokens'))).toEqual([]);
      await callExpecting(200, admin, 'POST', accountPath(account, '/enable'));
      for (const { status, body } of created) if (status === 201) expect(await isActive(admin, body.value)).toBe(false);
    }
    expect([...seen].filter((outcome) => outcome !== 201 && outcome !== 'service_account.disabled')).toEqual([]);
  });

  test('delete against refresh: 200 or 404, and afterwards neither value works', async () => {
    const seen = new Set<string | number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const { account, token, value } = await createAccountWithToken();
      const refresh = () =>
        call<IssuedToken & Problem>(nodes.at(-1) as Client, 'POST', tokenPath(account, token, '/refresh'), {
          body: { overlapSeconds: 600 },
        });
      const remove = () => call(admin, 'DELETE', tokenPath(account, token));
      const [refreshed, removed] = await (round % 2 === 0
        ? Promise.all([refresh(), remove()])
        : Promise.all([remove(), refresh()]).then(([a, b]) => [b, a] as const));
      expect(removed.status).toBe(204);
      seen.add(refreshed.body.code ?? refreshed.status);
      expect(await isActive(admin, value)).toBe(false);
      if (refreshed.status === 200) expect(await isActive(admin, refreshed.body.value)).toBe(false);
      await callExpecting(404, admin, 'GET', tokenPath(account, token));
      expect((await readAccount(admin, account)).tokenCount).toBe(0);
    }
    expect([...seen].filter((outcome) => outcome !== 200 && outcome !== 'token.not_found')).toEqual([]);
  });

  test.for([
    ['disable', 'POST', '/disable', undefined],
    ['delete', 'DELETE', '', undefined],
    ['demote', 'PATCH', '', { organizationRole: 'member' }],
  ] as const)('two admins that %s each other: one of them stays', async ([, method, rest, body]) => {
    await inRounds(ROUNDS, async () => {
      const [one, other] = await Promise.all([createAccountWithToken('admin'), createAccountWithToken('admin')]);
      const end = (by: string, target: ServiceAccount, node: Client | undefined) => () =>
        call<Problem>({ url: (node as Client).url, token: by }, method, accountPath(target, rest), { body });
      const answers = await atOnce([
        end(one.value, other.account, nodes[0]),
        end(other.value, one.account, nodes.at(-1)),
      ]);
      const done = answers.filter(({ status }) => status < 300);
      expect(done.length).toBe(1);
      const [refused] = answers.filter(({ status }) => status >= 300);
      expect(['token.invalid', 'permission.missing']).toContain(refused?.body.code);
      const mayStill = await Promise.all(
        [one.value, other.value].map((token) => call({ url: server.url, token }, 'GET', ACCOUNTS)),
      );
      expect(mayStill.filter(({ status }) => status === 200).length).toBe(1);
    });
  });
});
