import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  createVerificationCache,
  decide,
  generateSecretKey,
  type IdKind,
  newId,
  type OrganizationId,
  type Page,
  type PageQuery,
  type Place,
  type PrincipalId,
  parseSecretKey,
  type SecretKey,
  type Storage,
  subjectOfPrincipal,
  systemClock,
  type WorkspaceId,
} from '@postern/core';
import { openPostgresStorage, openSqliteStorage } from '@postern/storage';
import { fillPostgres, fillSqlite, type Row, type Table } from './fill.ts';
import { median } from './machine.ts';
import type { Engine } from './table.ts';

/** A large organization: what its lists cost, and a decision about somebody who is in much of it. */
export interface AccessResult {
  readonly engine: Engine;
  /** The median of the list whose pages cost most, at 200 items a page, through the storage port. */
  readonly slowestList: string;
  readonly pageMs: number;
  /** One decision in memory, on facts that were read before. */
  readonly checkMicroseconds: number;
}

const GROUPS = 1_000;
const WORKSPACES = 500;
const PRINCIPALS = 20_000;
const MEMBERS_PER_GROUP = 100;
const MEMBERS_PER_WORKSPACE = 200;
const GROUPS_PER_WORKSPACE = 4;
const LIMIT = 200;
/** Pages that are measured of each list: the first ones, as far as they go. */
const PAGES = 20;
const CHECKS = 1_000_000;

type NamedRow = Readonly<Record<string, string | number | null>>;

/** `databaseUrl`: an empty PostgreSQL database; absent: an embedded one of its own. */
export async function measureAccess(databaseUrl: string | undefined): Promise<AccessResult> {
  const directory = await mkdtemp(join(await realpath(tmpdir()), 'postern-bench-'));
  const path = join(directory, 'postern.db');
  const open = (): Promise<Storage> => {
    const options = { cache: createVerificationCache(0), clock: systemClock, random: randomBytes };
    return databaseUrl === undefined
      ? openSqliteStorage({ ...options, path })
      : openPostgresStorage({ ...options, url: databaseUrl });
  };
  try {
    const organizationId = await makeOrganization(open);
    const made = makeTables(organizationId);
    if (databaseUrl === undefined) fillSqlite(path, made.tables);
    else await fillPostgres(databaseUrl, made.tables);
    const storage = await open();
    try {
      const lists = await measureLists(storage, organizationId, made);
      const slowest = lists.toSorted((one, other) => other.ms - one.ms)[0] as { name: string; ms: number };
      return {
        engine: databaseUrl === undefined ? 'sqlite' : 'postgres',
        slowestList: slowest.name,
        pageMs: slowest.ms,
        checkMicroseconds: await measureCheck(storage, organizationId, made),
      };
    } finally {
      await storage.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeOrganization(open: () => Promise<Storage>): Promise<OrganizationId> {
  const storage = await open();
  try {
    const keys = { current: parseSecretKey(generateSecretKey('bench', randomBytes)) as SecretKey };
    await bootstrap({ storage, keys, random: randomBytes }, { organizationName: 'Large', value: null });
    const { items } = await storage.listOrganizations({ limit: 1, after: null });
    return items[0]?.id as OrganizationId;
  } finally {
    await storage.close();
  }
}

interface Made {
  readonly tables: readonly Table[];
  readonly principals: readonly string[];
  readonly groups: readonly string[];
  readonly workspaces: readonly string[];
}

function makeTables(organizationId: OrganizationId): Made {
  const at = Date.now();
  const ids = (kind: IdKind, count: number): string[] =>
    Array.from({ length: count }, () => newId(kind, { now: () => at }, randomBytes));
  const principals = ids('service_account', PRINCIPALS);
  const groups = ids('group', GROUPS);
  const workspaces = ids('workspace', WORKSPACES);
  const named = (id: string, name: string): NamedRow => ({
    ...{ id, organization_id: organizationId, name_key: name, search_text: name, description: '', external_id: null },
    ...{ created_at: at, updated_at: at, version: 1 },
  });
  /** Some of the principals, others for each place; one of them is everywhere. */
  const someOf = (count: number, place: number): string[] => [
    ...new Set([
      principals[0] as string,
      ...Array.from({ length: count - 1 }, (_, at) => principals[(place * 131 + at * 7) % PRINCIPALS] as string),
    ]),
  ];
  const creator = { created_by_kind: 'operator', created_by_id: null, created_by_name: 'operator' };
  const listed: readonly (readonly [table: string, rows: readonly NamedRow[]])[] = [
    [
      'principal',
      principals.map((id, number) => ({
        ...named(id, `account ${number}`),
        ...{ kind: 'service_account', display_name: `account ${number}`, status: 'active' },
        ...{ organization_role: 'member', token_count: 0, last_used_at: 0, ...creator },
      })),
    ],
    [
      'principal_group',
      groups.map((id, number) => ({
        ...named(id, `group ${number}`),
        ...{ name: `group ${number}`, member_count: MEMBERS_PER_GROUP },
      })),
    ],
    [
      'workspace',
      workspaces.map((id, number) => ({
        ...named(id, `workspace-${number}`),
        ...{ name: `workspace-${number}`, display_name: `Workspace ${number}` },
      })),
    ],
    [
      'group_member',
      groups.flatMap((group_id, number) =>
        someOf(MEMBERS_PER_GROUP, number).map((principal_id) => ({ group_id, principal_id, role: 'member' })),
      ),
    ],
    [
      'workspace_member',
      workspaces.flatMap((workspace_id, number) =>
        someOf(MEMBERS_PER_WORKSPACE, number).map((principal_id) => ({
          workspace_id,
          principal_id,
          role_id: 'viewer',
        })),
      ),
    ],
    [
      'workspace_group',
      workspaces.flatMap((workspace_id, number) =>
        Array.from({ length: GROUPS_PER_WORKSPACE }, (_, at) => ({
          workspace_id,
          group_id: groups[(number * GROUPS_PER_WORKSPACE + at) % GROUPS] as string,
          role_id: 'member',
        })),
      ),
    ],
  ];
  return { tables: listed.map(([name, rows]) => toTable(name, rows)), principals, groups, workspaces };
}

function toTable(name: string, rows: readonly NamedRow[]): Table {
  const columns = Object.keys(rows[0] ?? {});
  return { name, columns, rows: rows.map((row): Row => columns.map((column) => row[column] ?? null)) };
}

async function measureLists(storage: Storage, organizationId: OrganizationId, { groups, workspaces }: Made) {
  const [group, workspace] = [groups[7] as never, workspaces[7] as never];
  const search = null;
  const accounts = {
    status: null,
    organizationRole: null,
    unusedSince: null,
    sort: 'name',
    descending: false,
  } as const;
  const lists: Readonly<Record<string, (page: PageQuery) => Promise<Page<unknown>>>> = {
    'service accounts': (page) => storage.listServiceAccounts(organizationId, { ...page, ...accounts, search }),
    groups: (page) => storage.listGroups(organizationId, { ...page, search }),
    workspaces: (page) => storage.listWorkspaces(organizationId, { ...page, search, only: null }),
    'members of a group': (page) => storage.listGroupMembers(organizationId, group, { ...page, search }),
    'members of a workspace': (page) => storage.listWorkspaceMembers(organizationId, workspace, { ...page, search }),
    'groups of a workspace': (page) => storage.listWorkspaceGroups(organizationId, workspace, { ...page, search }),
    'a search among accounts': (page) =>
      storage.listServiceAccounts(organizationId, { ...page, ...accounts, search: 'account 19' }),
  };
  const results: { name: string; ms: number }[] = [];
  for (const [name, list] of Object.entries(lists)) {
    const times: number[] = [];
    for (let after: PageQuery['after'] = null, page = 0; page < PAGES; page += 1) {
      const since = performance.now();
      const { next } = await list({ limit: LIMIT, after });
      times.push(performance.now() - since);
      after = next;
    }
    results.push({ name, ms: median(times) });
  }
  return results;
}

/** About the principal that is everywhere. */
async function measureCheck(storage: Storage, organizationId: OrganizationId, made: Made): Promise<number> {
  const record = await storage.findPrincipal(organizationId, made.principals[0] as PrincipalId);
  if (!record) throw new Error('the principal is not there');
  const subject = subjectOfPrincipal(record);
  const places: readonly Place[] = made.workspaces.map((id) => ({ kind: 'workspace', id: id as WorkspaceId }));
  let allowed = 0;
  const since = performance.now();
  for (let check = 0; check < CHECKS; check += 1) {
    if (decide(subject, 'workspace.run', places[check % places.length] as Place).allowed) allowed += 1;
  }
  const microseconds = ((performance.now() - since) * 1_000) / CHECKS;
  if (allowed !== CHECKS) throw new Error(`${CHECKS - allowed} checks were denied`);
  return microseconds;
}
