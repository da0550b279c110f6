import { createHmac, timingSafeEqual } from 'node:crypto';
import { invalidField } from './error.ts';
import type { OrganizationId } from './id.ts';
import type { SecretKeys } from './secret-key.ts';
import type { PagePosition } from './storage.ts';

/** What a cursor belongs to: it opens for the same organization, list and filters only. */
export interface CursorScope {
  readonly organizationId: OrganizationId;
  readonly list: string;
  /** Everything of the query but limit and cursor. */
  readonly filters: Readonly<Record<string, unknown>>;
}

const TAG_BYTES = 16;

/** The position as opaque text that nobody else can make. */
export function sealCursor(position: PagePosition, scope: CursorScope, keys: SecretKeys): string {
  const payload = Buffer.from(JSON.stringify([position.key, position.id]));
  return Buffer.concat([tag(payload, scope, keys), payload]).toString('base64url');
}

/** The position that was sealed in this scope; anything else is `request.invalid` at `/cursor`. */
export function openCursor(text: string, scope: CursorScope, keys: SecretKeys): PagePosition {
  const bytes = Buffer.from(text, 'base64url');
  const payload = bytes.subarray(TAG_BYTES);
  if (bytes.length > TAG_BYTES && timingSafeEqual(bytes.subarray(0, TAG_BYTES), tag(payload, scope, keys))) {
    const [key, id] = JSON.parse(payload.toString('utf8')) as [string | number, string];
    return { key, id };
  }
  throw invalidField('/cursor', 'is not a cursor of this list with these filters; start again without one');
}

function tag(payload: Buffer, scope: CursorScope, keys: SecretKeys): Buffer {
  return createHmac('sha256', keys.current.subkeys.cursor)
    .update(JSON.stringify([scope.organizationId, scope.list, scope.filters]))
    .update(payload)
    .digest()
    .subarray(0, TAG_BYTES);
}
