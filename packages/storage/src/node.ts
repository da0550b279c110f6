import { leaseLeft, type OrganizationId, type ServingNode } from '@postern/core';
import type { Engine } from './engine.ts';
import type { Reading } from './reading.ts';

/** Which process asks, and whether processes on this engine need a lease. */
export interface AskingNode {
  readonly nodeId: string;
  readonly leased: boolean;
}

/**
 * All serving processes, the longest there first. Nothing of another organization shows: what a process has acknowledged is
 * told as a position of this organization's own log.
 */
export async function listNodes(
  { db, now }: Reading,
  organizationId: OrganizationId,
  { nodeId, leased }: AskingNode,
): Promise<readonly ServingNode[]> {
  const rows = await db
    .selectFrom('node')
    .select((select) => [
      'node.id',
      'node.joined_at',
      'node.renewed_at',
      select.selectFrom('organization').select('change_position').where('id', '=', organizationId).as('head'),
      // From the newest one backwards: as many rows are looked at as it is behind.
      select
        .selectFrom('change_log')
        .select('organization_position')
        .where('organization_id', '=', organizationId)
        .whereRef('position', '<=', 'node.acked')
        .orderBy('organization_position', 'desc')
        .limit(1)
        .as('acknowledged'),
      select
        .selectFrom('change_log')
        .select((oldest) => oldest.fn.min('organization_position').as('position'))
        .where('organization_id', '=', organizationId)
        .as('oldest'),
    ])
    .orderBy('node.joined_at')
    .orderBy('node.id')
    .execute();
  return rows.map(({ id, joined_at, renewed_at, head, acknowledged, oldest }) => {
    const last = head ?? 0;
    // Older rows may be gone from the log: then it has acknowledged them, or all that there are.
    const position = leased ? (acknowledged ?? (oldest === null ? last : oldest - 1)) : last;
    return {
      id,
      isSelf: id === nodeId,
      joinedAt: joined_at,
      renewedAt: leased ? renewed_at : null,
      leaseMs: leased ? leaseLeft(renewed_at, now) : null,
      position,
      lag: last - position,
    };
  });
}

/** For a process that has written all its use and goes: what is complete no longer waits for it. */
export async function removeNode(engine: Engine, id: string): Promise<void> {
  await engine.transact(async (db) => {
    await db.deleteFrom('node').where('id', '=', id).execute();
    return { value: undefined, changes: [] };
  });
}
