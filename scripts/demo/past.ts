import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  bootstrap,
  createFirstMember,
  createVerificationCache,
  type MemberId,
  mintTokenValue,
  newId,
  parseSecretKey,
  plainContext,
  type SecretKey,
  systemClock,
} from '@postern/core';
import { buildApp, createLog, createServer } from '@postern/server';
import { openSqliteStorage } from '@postern/storage';
import { ACCOUNTS, ADMIN, addressOf, GROUPS, PEOPLE, WORKSPACES } from './names.ts';

/** Two months of an organization, lived through in a few seconds: the real server, on a clock that jumps. */

const DAY_MS = 86_400_000;
const DAYS = 60;
/** It was made before that, so that something can have been unused for long. */
const AGE_DAYS = 100;
const CACHE_BYTES = 8_000_000;

export interface Past {
  readonly secretKey: string;
  /** What the clients of the demo call with; `jenkinsOld` is the value before the refresh. */
  readonly values: {
    readonly nightlyImport: string;
    readonly jenkins: string;
    readonly jenkinsOld: string;
    readonly vendorExport: string;
    /** Of the orders API, which verifies. */
    readonly verifier: string;
  };
}

export async function livePast(dataDir: string, secretKey: string): Promise<Past> {
  const key = parseSecretKey(secretKey) as SecretKey;
  const keys = { current: key };
  const present = systemClock.now();
  let now = present - AGE_DAYS * DAY_MS;
  const clock = { ...systemClock, now: () => now };
  const cache = createVerificationCache(CACHE_BYTES);
  const storage = await openSqliteStorage({ path: join(dataDir, 'postern.db'), clock, cache, random: randomBytes });
  const log = createLog('silent', { write: () => undefined });
  const server = createServer({ storage, cache, keys, random: randomBytes, log, issuer: () => 'http://demo.invalid' });
  const app = await buildApp(server);
  await app.ready();
  try {
    const admin = mintTokenValue(randomBytes);
    await bootstrap({ storage, keys, random: randomBytes }, { organizationName: 'Harbour Logistics', value: admin });

    async function call<Body>(
      token: string,
      method: 'GET' | 'POST' | 'PUT' | 'PATCH',
      url: string,
      body?: object,
      agent = 'terraform/1.9',
    ): Promise<Body> {
      const answer = await app.inject({
        method,
        url: `/api/v1${url}`,
        remoteAddress: addressOf(agent),
        headers: {
          authorization: `Bearer ${token}`,
          'user-agent': agent,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { payload: JSON.stringify(body) }),
      });
      if (answer.statusCode >= 400 && answer.statusCode !== 401) throw new Error(`${method} ${url}: ${answer.body}`);
      return (answer.body === '' ? undefined : answer.json()) as Body;
    }
    const asAdmin = <Body>(method: 'GET' | 'POST' | 'PUT' | 'PATCH', url: string, body?: object) =>
      call<Body>(admin.reveal(), method, url, body);
    interface Id {
      readonly id: string;
    }
    interface Issued {
      readonly token: Id;
      readonly value: string;
    }

    const me = await asAdmin<Id>('GET', '/me');
    await asAdmin('PATCH', `/service-accounts/${me.id}`, {
      displayName: 'terraform',
      description: 'Keeps accounts, groups and roles as they stand in the repository',
    });
    await asAdmin('POST', '/permissions', { name: 'orders.read', description: 'Read orders' });
    await asAdmin('POST', '/permissions', { name: 'orders.write', description: 'Change orders' });
    const reader = await asAdmin<Id>('POST', '/roles', {
      name: 'Order reader',
      permissions: ['orders.read', 'workspace.read'],
    });
    const groups: Id[] = [];
    for (const name of GROUPS) groups.push(await asAdmin<Id>('POST', '/groups', { name }));
    const workspaces: Id[] = [];
    for (const name of WORKSPACES) workspaces.push(await asAdmin<Id>('POST', '/workspaces', { name }));
    for (const [index, workspace] of workspaces.entries()) {
      const group = groups[index % groups.length];
      if (group)
        await asAdmin('PUT', `/workspaces/${workspace.id}/groups/${group.id}`, {
          role: index === 0 ? reader.id : 'member',
        });
    }
    const organizationId = (await storage.findUnpeopledOrganization())?.id;
    if (!organizationId) throw new Error('the database is not new');
    const user = await (await server.signIn())?.prepareUser({ name: ADMIN.name, password: ADMIN.password });
    if (user) await createFirstMember(server, { ...user, email: ADMIN.email });
    for (const [index, { name, email }] of PEOPLE.entries()) {
      now += 3_600_000;
      const user = { id: `usr_demo_${index}`, name, email, passwordHash: null };
      const member = {
        id: newId('member', storage, randomBytes) as MemberId,
        organizationRole: 'member' as const,
        user,
      };
      await storage.createMember(plainContext(server, organizationId, { kind: 'operator' }), member);
      const group = groups[index % groups.length];
      if (group)
        await asAdmin('PUT', `/groups/${group.id}/members/${member.id}`, {
          role: index < groups.length ? 'manager' : 'member',
        });
    }

    const accounts = new Map<string, { readonly id: string; readonly value: string; readonly tokenId: string }>();
    for (const [index, { name, description, agent }] of ACCOUNTS.entries()) {
      now += 1_200_000;
      const organizationRole = name === 'orders-api' ? 'verifier' : 'member';
      const { id } = await asAdmin<Id>('POST', '/service-accounts', {
        displayName: name,
        description,
        organizationRole,
      });
      const group = groups[index % groups.length];
      if (group && organizationRole === 'member')
        await asAdmin('PUT', `/groups/${group.id}/members/${id}`, { role: 'member' });
      const expiresAt = name === 'invoice-mailer' ? new Date(present + 9 * DAY_MS).toISOString() : null;
      const { token, value } = await asAdmin<Issued>('POST', `/service-accounts/${id}/tokens`, {
        name: 'ci',
        description: agent,
        expiresAt,
      });
      accounts.set(name, { id, value, tokenId: token.id });
    }
    for (const name of ['nightly-import', 'jenkins', 'vendor-export']) {
      const account = accounts.get(name);
      if (account && workspaces[0])
        await asAdmin('PUT', `/workspaces/${workspaces[0].id}/members/${account.id}`, { role: reader.id });
    }
    const tokenOf = (name: string): string => accounts.get(name)?.value ?? '';

    // Each account calls as it does; what it was called from and with is noted as in life.
    const quiet = new Set(['legacy-sync']);
    for (let day = Math.max(0, Math.ceil((now - (present - DAYS * DAY_MS)) / DAY_MS)); day < DAYS; day += 1) {
      now = present - (DAYS - day) * DAY_MS + 7_200_000;
      for (const [index, { name, agent }] of ACCOUNTS.entries()) {
        if (quiet.has(name) || (index + day) % 3 !== 0) continue;
        for (let turn = 0; turn < 1 + ((index * 7 + day) % 4); turn += 1)
          await call(tokenOf(name), 'GET', '/me', undefined, agent);
      }
      await server.usage.flush(storage);
    }

    // Yesterday a value was replaced at once, and somebody still had the old one; this morning Jenkins got an overlap.
    now = present - 20 * 3_600_000;
    const rotated = accounts.get('label-printer');
    if (rotated) {
      await asAdmin('POST', `/service-accounts/${rotated.id}/tokens/${rotated.tokenId}/refresh`, { expiresAt: null });
      await call(rotated.value, 'GET', '/me', undefined, 'python-requests/2.32');
    }
    now = present - 2 * 3_600_000;
    const jenkins = accounts.get('jenkins');
    const refreshed = await asAdmin<Issued>(
      'POST',
      `/service-accounts/${jenkins?.id}/tokens/${jenkins?.tokenId}/refresh`,
      {
        expiresAt: null,
        overlapSeconds: 86_400,
      },
    );
    for (const { name, agent } of ACCOUNTS)
      if (!quiet.has(name) && name !== 'label-printer') await call(tokenOf(name), 'GET', '/me', undefined, agent);
    await server.usage.flush(storage);
    return {
      secretKey,
      values: {
        nightlyImport: tokenOf('nightly-import'),
        jenkins: refreshed.value,
        jenkinsOld: tokenOf('jenkins'),
        vendorExport: tokenOf('vendor-export'),
        verifier: tokenOf('orders-api'),
      },
    };
  } finally {
    await app.close();
    await storage.close();
  }
}
