import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from './door.ts';
import { joinAndSignIn, ORIGIN, QUICK_PASSWORDS } from './person.ts';

/** Ways to gain more than one was given: testing/truth/escalation.yaml, over HTTP. */

interface Row {
  readonly try: string;
  readonly as: string;
  readonly do: string;
  readonly body?: unknown;
  readonly answer: string;
  readonly event?: string;
}

const rows = parse(
  readFileSync(new URL('../../../testing/truth/escalation.yaml', import.meta.url), 'utf8'),
) as readonly Row[];

/** All that access hangs on. */
const TABLES = [
  ...['organization', 'principal', 'principal_group', 'group_member', 'workspace', 'workspace_member'],
  ...['workspace_group', 'role', 'registered_permission', 'token', 'token_digest', 'auth_user', 'auth_session'],
  ...['invitation', 'change_head'],
];

describe.each(engines)('on $name', (engine) => {
  let door: Door;
  /** By the names that the rows use. */
  const ids = new Map<string, string>();
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    door = await openDoor(engine, { issuer: () => ORIGIN, passwords: QUICK_PASSWORDS });
    await send('POST', '/permissions', { name: 'invoices.read' });
    const builtIn = ['workspace.read', 'workspace_member.read', 'workspace_member.update'];
    ids.set('strong', (await send('POST', '/roles', { name: 'strong', permissions: ['invoices.read'] })).id);
    ids.set('keeper', (await send('POST', '/roles', { name: 'keeper', permissions: builtIn })).id);
    ids.set('prod', (await send('POST', '/workspaces', { name: 'prod' })).id);
    for (const name of ['helpers', 'strongmen']) ids.set(name, (await send('POST', '/groups', { name })).id);
    for (const name of ['boss', 'lead', 'holder', 'job']) {
      const accountId = await door.createAccount({ displayName: name });
      const { id, value } = await door.createToken(accountId);
      ids.set(name, accountId).set(`${name}Token`, id);
      tokens.set(name, value);
    }
    await send('PUT', fill('/workspaces/{prod}/members/{boss}'), { role: 'manager' });
    await send('PUT', fill('/workspaces/{prod}/members/{holder}'), { role: ids.get('keeper') });
    await send('PUT', fill('/workspaces/{prod}/groups/{strongmen}'), { role: ids.get('strong') });
    await send('PUT', fill('/groups/{helpers}/members/{lead}'), { role: 'manager' });
    const kept = await door.createToken(ids.get('job') ?? '', { restrictions: { permissions: ['workspace.read'] } });
    ids.set('kept', kept.id);
    const permissions = ['token.create', 'token.read', 'token.refresh', 'token.update'];
    const narrow = await door.createToken(door.adminAccountId, { name: 'narrow', restrictions: { permissions } });
    tokens.set('narrow', narrow.value).set('root', door.admin);
    await joinAndSignIn(door, 'ada@example.com', 'admin');
    ids.set('ada', (await send('GET', '/members')).items[0].id);
  });
  afterAll(() => door.close());

  async function send(method: string, path: string, body?: unknown) {
    const answer = await door.call(method, `/api/v1${path}`, body === undefined ? {} : { body });
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer.body;
  }

  function fill(text: string): string {
    return text.replace(/\{(\w+)\}/g, (_, name: string) => ids.get(name) ?? expect.fail(`nothing is called ${name}`));
  }

  function snapshot(): Promise<unknown> {
    return Promise.all(TABLES.map((table) => door.database.query(`select * from ${table} order by 1, 2`)));
  }

  test.each(rows.map((row) => [row.try, row] as const))('%s', async (_, { as, do: what, body, answer, event }) => {
    const [method = '', path = ''] = fill(what).split(' ');
    const [status, code] = answer.split(' ');
    const before = await snapshot();
    const refused = await door.call(method, `/api/v1${path}`, {
      token: tokens.get(as) ?? expect.fail(`nobody is called ${as}`),
      ...(body !== undefined && { body: JSON.parse(fillBody(body)) }),
    });
    expect([refused.status, refused.body.code], refused.text).toEqual([Number(status), code]);
    expect(await snapshot()).toEqual(before);
    const events = await door.listEvents(`&requestId=${refused.headers['x-request-id']}`);
    expect(events).toEqual(
      event === undefined ? [] : [expect.objectContaining({ action: event, outcome: 'refused', code })],
    );
  });

  /** Names stand within quotes there; other braces are JSON's. */
  function fillBody(body: unknown): string {
    return JSON.stringify(body).replace(/"\{(\w+)\}"/g, (_, name: string) => JSON.stringify(ids.get(name)));
  }
});
