import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { PrincipalRecord, Workspace, WorkspaceId } from '@postern/core';
import { expect, test } from 'vitest';
import { findWorkspaceOf } from './place.ts';

const ID = 'ws_01m87ae29x008j4ct4ank7f24s' as WorkspaceId;

/** Of who may see every workspace, and has a part in none; `asked`: how much was not answered from memory. */
function recordOfAdmin() {
  let asked = 0;
  const record = {
    principal: { id: 'sa_1', kind: 'service_account', organizationRole: 'admin', groups: [], grants: [] },
    organization: { id: 'org_1' },
  } as unknown as PrincipalRecord;
  const storage = {
    async findWorkspace() {
      asked += 1;
      return { id: ID } as Workspace;
    },
  };
  return { asked: () => asked, find: (reference: string) => findWorkspaceOf({ storage } as never, record, reference) };
}

test('a workspace is asked for once, by each spelling that a name can have', async () => {
  const { asked, find } = recordOfAdmin();
  expect(await find('Payments')).toEqual({ kind: 'workspace', id: ID });
  expect(find('Payments')).toEqual({ kind: 'workspace', id: ID });
  await find('payments');
  await find('payments');
  expect(asked()).toBe(2);
  // Longer than any name: spaces are folded.
  await find(`Payments${' '.repeat(1_000)}`);
  await find(`Payments${' '.repeat(1_000)}`);
  expect(asked()).toBe(4);
});

test('what is remembered of a question keeps nothing else of its request in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const { find } = recordOfAdmin();
  const COUNT = 900;
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < COUNT; index += 1) {
    const text = Buffer.from(`token=${'x'.repeat(7_000)}&workspace=a-workspace-${index}`).toString('latin1');
    await find(new URLSearchParams(text).get('workspace') as string);
  }
  collect();
  expect((process.memoryUsage().heapUsed - before) / COUNT).toBeLessThan(1_500);
});
