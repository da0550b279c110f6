import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { generateSecretKey, TOKEN_PATTERN } from '@postern/core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDatabase, type Database } from '../../../testing/postgres.ts';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { type Ended, runPostern, type Serving, servePostern } from '../test/command.ts';

/** A test starts many processes, one after the other. */
const TIMEOUT_MS = 120_000;

type Variables = Readonly<Record<string, string>>;

const organization = (variables: Variables, ...args: string[]): Promise<Ended> =>
  runPostern(['organization', ...args], variables);

async function list(variables: Variables): Promise<{ id: string; name: string; plan: string; accounts: number }[]> {
  const { code, stdout, stderr } = await organization(variables, 'list', '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

function tokenIn({ code, stdout, stderr }: Ended): string {
  expect([code, stderr]).toEqual([0, '']);
  const token = TOKEN_PATTERN.exec(stdout)?.[0] ?? '';
  expect(stdout.split(token)).toHaveLength(2);
  return token;
}

async function get(server: Serving, path: string, token: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${server.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: await answer.json() };
}

test.each([
  [['create'], 2, '`postern organization create` needs --name.'],
  [['create', '--name', ' '], 2, 'The name of an organization must not be empty.'],
  [['create', '--name', `pst_${'x'.repeat(49)}`], 2, 'A token value is among the arguments'],
  [['create', '--name', 'Acme', '--plan', 'gold'], 2, 'A plan is one of community, commercial, enterprise.'],
  [['list', '--json=yes'], 2, '--json takes no value.'],
  [['set-plan', 'org_1'], 2, '`postern organization set-plan` takes <id> and <plan>.'],
  [['set-plan', 'org_1', 'community'], 2, 'That is not the id of an organization'],
  [['list'], 1, 'There is no database in '],
  [['create', '--name', 'Acme'], 1, 'There is no database in '],
])('`postern organization` with %j ends with %i and one sentence', async (args, exitCode, sentence) => {
  const POSTERN_DATA_DIR = join(await tmpDirectory(), 'data');
  const { code, stdout, stderr } = await organization({ POSTERN_DATA_DIR }, ...args);
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/gold|xxxx|\bat .+:\d+/);
  const [, usage, ...more] = stderr.trim().split('\n');
  expect(more).toEqual([]);
  expect(usage ?? 'Usage: postern').toMatch(/^Usage: postern/);
  expect(existsSync(POSTERN_DATA_DIR)).toBe(false);
});

describe('beside the embedded database', { timeout: TIMEOUT_MS }, () => {
  test('organizations are listed while the server runs, and changed while it is stopped', async () => {
    const variables = { POSTERN_DATA_DIR: join(await tmpDirectory(), 'data') };
    const first = await servePostern(variables);
    const [mine] = await list(variables);
    expect(mine).toMatchObject({ name: 'My organization', plan: 'enterprise', accounts: 0 });
    for (const args of [
      ['create', '--name', 'Beta'],
      ['set-plan', mine?.id ?? '', 'community'],
    ]) {
      const refused = await organization(variables, ...args);
      expect([refused.code, refused.stdout, refused.stderr]).toEqual([
        78,
        '',
        `A running Postern (process ${first.pid}) has ${variables.POSTERN_DATA_DIR} to itself: stop it, run this again, and start it.\n`,
      ]);
    }
    expect(await list(variables)).toHaveLength(1);
    expect((await first.end()).code).toBe(0);

    const token = tokenIn(await organization(variables, 'create', '--name', 'Beta', '--plan', 'commercial'));
    const [, beta] = await list(variables);
    expect(beta).toMatchObject({ name: 'Beta', plan: 'commercial', accounts: 1 });
    const table = await organization(variables, 'list');
    expect(table.stdout).toMatch(
      /^org_\w+\tMy organization\tenterprise\t0\t\S+Z\norg_\w+\tBeta\tcommercial\t1\t\S+Z\n$/,
    );

    const second = await servePostern(variables);
    expect(await get(second, 'me', token)).toMatchObject({
      status: 200,
      body: { organization: { id: beta?.id, name: 'Beta', plan: 'commercial' }, organizationRole: 'admin' },
    });
    await second.end();
    const set = await organization(variables, 'set-plan', beta?.id ?? '', 'community');
    expect([set.code, set.stdout]).toEqual([
      0,
      `${beta?.id} is now on the plan community. Its service accounts' tokens are paused; nothing was deleted.\n`,
    ]);
    const third = await servePostern(variables);
    expect((await get(third, 'me', token)).status).toBe(401);
    await third.end();
  });
});

describe('beside PostgreSQL', { timeout: TIMEOUT_MS }, () => {
  let database: Database;
  let variables: Variables;
  let server: Serving;

  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    variables = {
      POSTERN_DATABASE_URL: database.url,
      POSTERN_SECRET_KEY: generateSecretKey('k1', randomBytes),
    };
    const early = await organization(variables, 'create', '--name', 'Early');
    expect([early.code, early.stderr]).toEqual([
      1,
      'This database has had no first start yet: run `postern serve` on it once.\n',
    ]);
    server = await servePostern(variables);
  });
  afterAll(async () => {
    await server?.end();
    await database?.drop();
  });

  test('a running server knows a new organization, and a new plan, when the command has ended', async () => {
    const token = tokenIn(await organization(variables, 'create', '--name', 'Beta'));
    const beta = (await list(variables)).find(({ name }) => name === 'Beta');
    expect(await get(server, 'me', token)).toMatchObject({
      status: 200,
      body: { organization: { id: beta?.id, plan: 'enterprise' } },
    });
    for (const [plan, status] of [
      ['community', 401],
      ['commercial', 200],
      ['community', 401],
      ['enterprise', 200],
    ] as const) {
      const set = await organization(variables, 'set-plan', beta?.id ?? '', plan);
      expect([set.code, set.stderr]).toEqual([0, '']);
      expect((await get(server, 'me', token)).status).toBe(status);
    }
    const again = await organization(variables, 'set-plan', beta?.id ?? '', 'enterprise');
    expect(again.stdout).toContain('was already on the plan enterprise');

    const events = await get(server, 'audit-events?action=organization.set_plan', token);
    const plans = ['enterprise', 'community', 'commercial', 'community'];
    expect(events.body).toMatchObject({
      items: plans.map((to) => ({ outcome: 'done', actor: { kind: 'operator' }, details: { to } })),
    });
  });

  test('a community organization gets a token that waits for another plan', async () => {
    const made = await organization(variables, 'create', '--name', 'Gamma', '--plan', 'community');
    const token = tokenIn(made);
    expect(made.stdout).toContain('It works once the organization has a plan that includes service accounts.');
    expect((await get(server, 'me', token)).status).toBe(401);
    const gamma = (await list(variables)).find(({ name }) => name === 'Gamma');
    await organization(variables, 'set-plan', gamma?.id ?? '', 'commercial');
    expect((await get(server, 'me', token)).status).toBe(200);
  });

  test('another secret key than the database’s makes nothing', async () => {
    const before = await list(variables);
    const wrong = { ...variables, POSTERN_SECRET_KEY: generateSecretKey('k1', randomBytes) };
    const refused = await organization(wrong, 'create', '--name', 'Delta');
    expect([refused.code, refused.stdout]).toEqual([78, '']);
    expect(refused.stderr).toContain('is not the one that this database was written with');
    expect(await list(variables)).toEqual(before);
  });

  test('an unknown id is 1 and one sentence', async () => {
    const unknown = await organization(variables, 'set-plan', `org_${'0'.repeat(26)}`, 'community');
    expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([
      1,
      '',
      'There is no organization with that id; `postern organization list` lists them.\n',
    ]);
  });
});
