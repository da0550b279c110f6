import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { engines, type TestEngine } from '../../storage/test/engines.ts';
import { describeApi } from '../src/documentation.ts';
import { type Door, openDoor } from './door.ts';
import { fromSchema, type Schema } from './from-schema.ts';
import { QUICK_PASSWORDS } from './person.ts';

/**
 * Requests made at random from the OpenAPI document, over a real connection: whatever is sent, the answer is one that the
 * document has, in the form that it says, and never a failure of the server. What the document refuses is never accepted.
 */

interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly schema: Schema;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const FILTERS_MAX = 2;
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const SEED = process.env.POSTERN_TEST_SEED === undefined ? undefined : Number(process.env.POSTERN_TEST_SEED);
const RUNS = { numRuns: 12, ...(SEED !== undefined && { seed: SEED }) };

const document = (await describeApi()) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** What answers have named since the operation's turn began, by prefix: ids for the next requests. */
const seen = new Map<string, string[]>();
let door: Door | undefined;
let url = '';
let turns = 0;

/** A server whose admin still is one. */
async function ensureDoor(): Promise<Door> {
  if (door && (await door.call('GET', '/api/v1/me')).status === 200) return door;
  await door?.close();
  door = await openDoor(engines[0] as TestEngine, { issuer: () => url, passwords: QUICK_PASSWORDS });
  url = await door.app.listen({ port: 0, host: '127.0.0.1' });
  return door;
}
afterAll(() => door?.close());

/** One of everything, each with a part in the others, to be found by its id. */
async function plant(): Promise<void> {
  const { call } = await ensureDoor();
  turns += 1;
  seen.clear();
  async function make(path: string, body: unknown, method = 'POST'): Promise<string> {
    const { text, body: made } = await call(method, `/api/v1/${path}`, { body });
    remember(text);
    return made.id ?? made.name;
  }
  const account = await make('service-accounts', { displayName: 'ci', organizationRole: 'member' });
  await make(`service-accounts/${account}/tokens`, { name: 'nightly', expiresAt: '2030-01-01T00:00:00.000Z' });
  await make('members', { emails: [`ada-${turns}@example.com`] });
  const group = await make('groups', { name: `team ${turns}` });
  const workspace = await make('workspaces', { name: `orders-${turns}` });
  const permission = await make('permissions', { name: `orders${turns}.read` });
  const role = await make('roles', { name: `reader ${turns}`, permissions: [permission] });
  await make(`groups/${group}/members/${account}`, { role: 'member' }, 'PUT');
  await make(`workspaces/${workspace}/members/${account}`, { role }, 'PUT');
  await make(`workspaces/${workspace}/groups/${group}`, { role: 'viewer' }, 'PUT');
}

function remember(text: string): void {
  for (const [id, prefix = ''] of text.matchAll(/\b(sa|mem|tok|grp|ws|role|req|pst)_[0-9A-Za-z]{26,49}\b/g)) {
    const ids = seen.get(prefix) ?? [];
    if (id !== door?.adminAccountId && !ids.includes(id) && ids.length < 3) seen.set(prefix, [...ids, id]);
  }
  for (const [, cursor = ''] of text.matchAll(/"(?:nextCursor|cursor)":"([^"]+)"/g)) seen.set('cursor', [cursor]);
}

const PREFIXES: Readonly<Record<string, readonly string[]>> = {
  id: ['sa'],
  ...{ accountId: ['sa'], principalId: ['sa', 'mem'], principal: ['sa', 'mem'], actorId: ['sa', 'mem'] },
  ...{ targetId: ['sa', 'tok', 'grp', 'ws'], owners: ['mem'], member: ['mem'], createdBy: ['mem', 'sa'] },
  ...{ tokenId: ['tok'], group: ['grp'], groupId: ['grp'], groupIds: ['grp'], requestId: ['req'] },
  ...{ token: ['pst'], cursor: ['cursor'], after: ['cursor'] },
  ...{ workspace: ['ws'], workspaces: ['ws'], workspaceId: ['ws'], role: ['role'], roleId: ['role'] },
};
const WORDS: Readonly<Record<string, () => readonly string[]>> = {
  workspace: () => [`orders-${turns}`],
  role: () => ['viewer', 'member', 'manager'],
  name: () => [`orders${turns}.read`],
  permission: () => [`orders${turns}.read`, 'token.read', 'workspace.run'],
  permissions: () => [`orders${turns}.read`, 'workspace.run'],
  networks: () => ['10.0.0.0/8', '::1/128'],
  clientAddress: () => ['10.0.0.1', '::1'],
  'If-Match': () => ['"1"', '*'],
};

/** Looked up when a value is made, since ids come up while the test runs. */
function known(name: string): fc.Arbitrary<string> | undefined {
  const prefixes = PREFIXES[name];
  const words = WORDS[name];
  if (!prefixes && !words) return undefined;
  return fc.nat().map((index) => {
    const all = [...(prefixes ?? []).flatMap((prefix) => seen.get(prefix) ?? []), ...(words?.() ?? [])];
    return all[index % Math.max(1, all.length)] ?? 'none';
  });
}

const options = { schemas: document.components.schemas, known };

interface Sent {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly caller: 'admin' | 'nobody' | 'stranger';
}

/** A request as the document allows it. */
function validRequest({ parameters = [], requestBody }: Operation): fc.Arbitrary<Sent> {
  const [schema] = Object.values(requestBody?.content ?? {}).map((content) => content.schema);
  const at = (place: Parameter['in']) => {
    const here = parameters.filter((parameter) => parameter.in === place);
    const fields = here.map(({ name, schema: of }) => [name, fromSchema(of, name, options)] as const);
    if (place === 'path') return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
    // All that may be said at once is seldom possible together.
    return fc
      .subarray(fields, { maxLength: Math.min(FILTERS_MAX, fields.length) })
      .chain((some) => fc.record(Object.fromEntries(some), { noNullPrototype: true }));
  };
  return fc.record({
    path: at('path'),
    query: at('query'),
    header: at('header'),
    body: schema
      ? requestBody?.required === false
        ? fc.option(fromSchema(schema, 'body', options), { nil: undefined })
        : fromSchema(schema, 'body', options)
      : fc.constant(undefined),
    caller: fc.oneof(
      { weight: 8, arbitrary: fc.constant('admin' as const) },
      { weight: 1, arbitrary: fc.constantFrom('nobody' as const, 'stranger' as const) },
    ),
  });
}

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('', 'x'.repeat(3_000), -1, 1e21, 0.5, '\u0000', '\u202e', '1970-13-45T99:99:99Z', '0x10', [], {}),
);

/** The same with something in it that the document may not allow. */
function spoiledRequest(operation: Operation): fc.Arbitrary<Sent> {
  const place = fc.constantFrom('path' as const, 'query' as const, 'header' as const, 'body' as const, 'body' as const);
  const spoil = fc.record({ place, index: fc.nat(), value: anything, how: fc.constantFrom('change', 'drop', 'add') });
  return fc.tuple(validRequest(operation), fc.array(spoil, { minLength: 1, maxLength: 2 })).map(([sent, spoils]) => {
    let spoiled = sent;
    for (const { place: where, index, value, how } of spoils) {
      const part = spoiled[where];
      if (typeof part !== 'object' || part === null || Array.isArray(part)) {
        if (where === 'body') spoiled = { ...spoiled, body: value };
        continue;
      }
      const names = Object.keys(part);
      const name = names[index % Math.max(1, names.length)];
      const next: Record<string, unknown> = { ...part };
      if (how === 'add' || name === undefined) {
        if (where !== 'path') next['unheardOf'] = value;
      } else if (how === 'drop' && where !== 'path') delete next[name];
      else next[name] = value;
      spoiled = { ...spoiled, [where]: next };
    }
    return spoiled;
  });
}

const ajv = new Ajv2020({ strict: false, schemas: [{ $id: 'document', components: document.components }] });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
ajv.addFormat('uri', (text) => URL.canParse(text));
ajv.addFormat('email', /^[^@\s]+@[^@\s]+$/);
const forRequests = new Ajv2020({
  strict: false,
  validateFormats: false,
  schemas: [{ $id: 'document', components: document.components }],
});
const compiled = new Map<string, ValidateFunction>();

function validatorOf(validators: Ajv2020, schema: Schema): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/');
  const key = `${validators === ajv} ${text}`;
  const validate = compiled.get(key) ?? validators.compile(JSON.parse(text));
  compiled.set(key, validate);
  return validate;
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed();

async function send(path: string, method: string, { operationId, requestBody }: Operation, sent: Sent) {
  const { admin, createCaller } = await ensureDoor();
  // What ends the caller's own token must not end the admin's.
  const token = operationId === 'deleteOwnToken' ? (await createCaller('admin')).value : admin;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(plain(sent.path[name])));
  const query = Object.entries(sent.query).map(([name, value]): [string, string] => [name, plain(value)]);
  const headers = new Headers();
  for (const [name, value] of Object.entries(sent.header)) {
    const text = plain(value).replace(/[^\x20-\x7e]/g, '');
    headers.set(name, text);
  }
  if (sent.caller !== 'nobody') headers.set('authorization', `Bearer ${sent.caller === 'admin' ? token : 'nonsense'}`);
  let body: string | undefined;
  if (sent.body !== undefined) {
    const isForm = requestBody?.content[FORM_TYPE] !== undefined;
    headers.set('content-type', isForm ? FORM_TYPE : JSON_TYPE);
    const fields = Object.entries(sent.body ?? {}).map(([name, value]): [string, string] => [name, plain(value)]);
    body = isForm ? new URLSearchParams(fields).toString() : JSON.stringify(sent.body);
  }
  const search = new URLSearchParams(query).toString();
  return fetch(`${url}${filled}${search && `?${search}`}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && method !== 'GET' && { body }),
  });
}

/** What the document says against the answer; undefined when it has nothing to say. */
function objection({ responses }: Operation, response: Response, text: string): string | undefined {
  const documented = responses[response.status];
  if (!documented) return `${response.status} is not documented`;
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  if (!documented.content) return text === '' ? undefined : 'there is a body where none is documented';
  const media = documented.content[type];
  if (!media) return `${type || 'no type'} is not documented`;
  const validate = validatorOf(ajv, media.schema);
  return validate(JSON.parse(text)) ? undefined : ajv.errorsText(validate.errors);
}

// The stream has no end to wait for: change.test.ts asks it what is bad.
const finite = operations.filter(({ operation }) => operation.operationId !== 'followChanges');

test.each(finite.map((each) => [each.operation.operationId, each] as const))(
  '%s',
  async (_, { path, method, operation }) => {
    const request = fc.oneof(validRequest(operation), spoiledRequest(operation));
    const body = operation.requestBody?.content[JSON_TYPE]?.schema;
    const refusesBody = body && validatorOf(forRequests, body);
    await plant();
    await fc.assert(
      fc.asyncProperty(request, async (sent) => {
        const response = await send(path, method, operation, sent);
        const text = await response.text();
        remember(text);
        expect(response.status, text).toBeLessThan(500);
        // Filled with these, the path is another one.
        const isElsewhere = Object.values(sent.path).some((value) => /^\.{0,2}$/.test(plain(value)));
        if (!isElsewhere) expect(objection(operation, response, text), `${response.status} ${text}`).toBeUndefined();
        if (refusesBody && sent.body !== undefined && !refusesBody(sent.body))
          expect(response.status, text).toBeGreaterThanOrEqual(400);
      }),
      RUNS,
    );
  },
);
