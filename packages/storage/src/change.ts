import { CHANGES_TOLD_MAX, type ChangePage, type Head, type LoggedChange, type OrganizationId } from '@postern/core';
import type { Reading } from './reading.ts';

const NOTHING: Head = { position: 0, nonce: '' };

/** One indexed read; a second one where the log does not continue from what was asked about. */
export async function listChanges(
  { db }: Reading,
  organizationId: OrganizationId,
  after: Head | null,
): Promise<ChangePage> {
  const rows = db
    .selectFrom('change_log')
    .select(['organization_position as organizationPosition', 'nonce', 'kind', 'subject_id as subjectId'])
    .where('organization_id', '=', organizationId);
  if (after) {
    const found = await rows
      .where('organization_position', '>=', after.position)
      .orderBy('organization_position')
      .limit(CHANGES_TOLD_MAX + 2)
      .execute();
    const changes = continuation(found, after);
    if (changes) return { head: headOf(changes.at(-1)) ?? after, changes };
  }
  const newest = await rows.orderBy('organization_position', 'desc').limit(1).executeTakeFirst();
  return { head: headOf(newest) ?? NOTHING, changes: undefined };
}

/** The rows after the one that was asked about; undefined when they are too many, or do not follow it. */
function continuation(rows: readonly LoggedChange[], after: Head): readonly LoggedChange[] | undefined {
  const isStart = after.position === 0 && after.nonce === '';
  const [first] = rows;
  if (!isStart && (first?.organizationPosition !== after.position || first.nonce !== after.nonce)) return undefined;
  const changes = isStart ? rows : rows.slice(1);
  if (changes.length > CHANGES_TOLD_MAX) return undefined;
  const isDense = changes.every((change, index) => change.organizationPosition === after.position + index + 1);
  return isDense ? changes : undefined;
}

function headOf(change: LoggedChange | undefined): Head | undefined {
  return change && { position: change.organizationPosition, nonce: change.nonce };
}
