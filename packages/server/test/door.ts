import { randomBytes } from 'node:crypto';
import {
  bootstrap,
  digestToken,
  generateSecretKey,
  mintTokenValue,
  newId,
  ORGANIZATION,
  type OrganizationRole,
  type Plan,
  parseSecretKey,
  type SecretKey,
  type SecretKeys,
  tokenHint,
} from '@postern/core';
import { Ajv } from 'ajv';
import type { FastifyInstance, InjectOptions } from 'fastify';
import type { DestinationStream } from 'pino';
import { expect } from 'vitest';
import { TEST_NOW, type TestDatabase, type TestEngine } from '../../storage/test/engines.ts';
import { type AppOptions, buildApp } from '../src/app.ts';
import { createServer, type Parts } from '../src/assemble.ts';
import { createLog } from '../src/log.ts';
import { NAMED_SCHEMAS } from '../src/openapi.ts';
import type { Server } from '../src/server.ts';

/** The front door in process, on a real database; every answer is held against what is documented of its route. */

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Body;
}

export interface CallOptions {
  /** The credential; absent = the admin's; null = none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Buffer;
  readonly address?: string;
}

export interface Door {
  readonly app: FastifyInstance;
  readonly server: Server;
  readonly database: TestDatabase;
  /** The value of the first admin token, and its ids. */
  readonly admin: string;
  readonly adminAccountId: string;
  readonly adminTokenId: string;
  readonly organizationId: string;
  /** Lines of the log. */
  readonly log: Record<string, unknown>[];
  // biome-ignore lint/suspicious/noExplicitAny: an answer's body is what the test says it is
  call<Body = any>(method: string, url: string, options?: CallOptions): Promise<Answer<Body>>;
  /** A call whose answer does not end; only what it begins with is waited for. */
  open(url: string, options?: Pick<CallOptions, 'token' | 'headers'>): Promise<{ readonly status: number }>;
  createAccount(fields?: Record<string, unknown>): Promise<string>;
  createToken(
    accountId: string,
    fields?: Record<string, unknown>,
  ): Promise<{ id: string; value: string; version: string }>;
  /** An account of that organization role with a token. */
  createCaller(organizationRole: OrganizationRole): Promise<{ accountId: string; tokenId: string; value: string }>;
  /** A caller in another organization, who is admin there. */
  createOutsider(): Promise<string>;
  setPlan(plan: Plan): Promise<void>;
  /** Events of the audit log, newest first. */
  listEvents(
    query?: string,
  ): Promise<{ action: string; outcome: string; code: string | null; requestId: string | null }[]>;
  close(): Promise<void>;
}

export type DoorOptions = Partial<Parts> & AppOptions;

export async function openDoor(engine: TestEngine, options: DoorOptions = {}): Promise<Door> {
  const database = await engine.open({ now: TEST_NOW });
  const { storage, cache, clock } = database;
  const keys: SecretKeys = { current: parseSecretKey(generateSecretKey('k1', randomBytes)) as SecretKey };
  const log: Record<string, unknown>[] = [];
  const destination: DestinationStream = { write: (line) => void log.push(JSON.parse(line)) };
  const server = createServer({
    storage,
    cache,
    keys,
    random: randomBytes,
    log: createLog('info', destination),
    issuer: () => 'https://postern.test',
    ...options,
  });
  const value = mintTokenValue(randomBytes);
  await bootstrap(server, { organizationName: 'Acme', value });
  const admin = value.reveal();
  const app = await buildApp(server, options);
  const undocumented = watchAnswers(app);
  await app.ready();

  const call: Door['call'] = async (method, url, { token = admin, headers, body, raw, address } = {}) => {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await app.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload !== undefined && { payload }),
      ...(address !== undefined && { remoteAddress: address }),
    });
    const isJson = /[/+]json\b/.test(String(answer.headers['content-type']));
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
      text: answer.body,
      body: isJson && answer.body !== '' ? JSON.parse(answer.body) : undefined,
    };
  };
  const me = await call('GET', '/api/v1/me');

  const door: Door = {
    app,
    server,
    database,
    admin,
    adminAccountId: me.body.id,
    adminTokenId: me.body.token.id,
    organizationId: me.body.organization.id,
    log,
    call,
    async open(url, { token = admin, headers } = {}) {
      const answer = await app.inject({
        url,
        headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...headers },
        payloadAsStream: true,
      });
      answer.stream().destroy();
      return { status: answer.statusCode };
    },
    async createAccount(fields = {}) {
      const body = { displayName: 'Nightly export', organizationRole: 'member', ...fields };
      const answer = await call('POST', '/api/v1/service-accounts', { body });
      expect(answer.status, answer.text).toBe(201);
      return answer.body.id;
    },
    async createToken(accountId, fields = {}) {
      const answer = await call('POST', `/api/v1/service-accounts/${accountId}/tokens`, {
        body: { name: 'nightly', ...fields },
      });
      expect(answer.status, answer.text).toBe(201);
      return { id: answer.body.token.id, value: answer.body.value, version: answer.headers['etag'] ?? '' };
    },
    async createCaller(organizationRole) {
      const accountId = await door.createAccount({ displayName: `A ${organizationRole}`, organizationRole });
      const { id, value } = await door.createToken(accountId);
      return { accountId, tokenId: id, value };
    },
    async createOutsider() {
      const at = clock.now();
      const id = newId('organization', clock, randomBytes);
      await database.query(
        `insert into organization (id, name, plan, created_at, version, change_position) values ('${id}', 'Other', 'enterprise', 0, 1, 0)`,
      );
      const context = () => ({
        organizationId: id,
        actor: { kind: 'operator' as const },
        permission: null,
        place: ORGANIZATION,
        request: { requestId: null, address: null, userAgent: null },
        eventId: newId('audit_event', clock, randomBytes),
        at,
        ifMatch: null,
        idempotency: null,
      });
      const accountId = newId('service_account', clock, randomBytes);
      const account = { id: accountId, displayName: 'outsider', description: '', owners: [], externalId: null };
      await storage.createServiceAccount(context(), { ...account, organizationRole: 'admin' });
      const value = mintTokenValue(randomBytes);
      await storage.createToken(context(), {
        id: newId('token', clock, randomBytes),
        accountId,
        name: 'outside',
        description: '',
        digest: digestToken(value, keys.current),
        hint: tokenHint(value),
        expiresAt: null,
        restrictions: null,
      });
      return value.reveal();
    },
    async setPlan(plan) {
      await database.query(`update organization set plan = '${plan}', version = version + 1`);
      cache.clear();
    },
    async listEvents(query = '') {
      await server.usage.flush(storage);
      return (await call('GET', `/api/v1/audit-events?limit=200${query}`)).body.items;
    },
    async close() {
      await app.close();
      await database.destroy();
      expect(undocumented).toEqual([]);
    },
  };
  return door;
}

/** Holds every answer against the schema that is documented for its route and status; what differs is listed. */
function watchAnswers(app: FastifyInstance): string[] {
  const ajv = new Ajv({ strict: false, validateFormats: false, schemas: [...NAMED_SCHEMAS] as object[] });
  const problem = ajv.getSchema('Problem');
  const compiled = new Map<object, ReturnType<typeof ajv.compile>>();
  const differences: string[] = [];

  app.addHook('onSend', async (request, reply, payload) => {
    const what = `${request.method} ${request.routeOptions.url ?? request.url} ${reply.statusCode}`;
    const type = String(reply.getHeader('content-type') ?? '').split(';')[0] ?? '';
    const text = typeof payload === 'string' ? payload : '';
    if (request.method === 'HEAD') return payload;
    if (request.is404) {
      if (!problem?.(JSON.parse(text))) differences.push(`${what}: not a problem`);
      return payload;
    }
    const schema = request.routeOptions.schema as { hide?: boolean; response?: Record<string, Documented> };
    if (schema.hide) return payload;
    const documented = schema.response?.[reply.statusCode];
    if (!documented) {
      differences.push(`${what}: not documented`);
      return payload;
    }
    if (documented.type === 'null') {
      if (text !== '') differences.push(`${what}: has a body`);
      return payload;
    }
    const media = documented.content?.[type];
    if (!media) {
      differences.push(`${what}: ${type} is not documented`);
      return payload;
    }
    // An export goes on while it is read.
    if (typeof payload !== 'string') return payload;
    const validate = compiled.get(media.schema) ?? ajv.compile(media.schema);
    compiled.set(media.schema, validate);
    if (!validate(JSON.parse(text))) differences.push(`${what}: ${ajv.errorsText(validate.errors)}`);
    return payload;
  });
  return differences;
}

interface Documented {
  readonly type?: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
