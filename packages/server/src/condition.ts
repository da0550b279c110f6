import { DomainError } from '@postern/core';

/** No resource ever has this version. */
const NEVER = -1;
const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
const VERSION = /^[1-9]\d{0,14}$/;

/**
 * The version that an If-Match header (RFC 9110 section 13.1.1) asks for; null for `*` and for no header. Our entity tags
 * are strong and hold a version; any other can only ever fail. Throws `request.malformed`.
 */
export function parseIfMatch(header: string | undefined): number | null {
  if (header === undefined || header === '*') return null;
  const match = ENTITY_TAG.exec(header);
  if (!match) {
    throw new DomainError('request.malformed', { detail: 'If-Match must be one ETag in double quotes, or *.' });
  }
  const [, weak, tag = ''] = match;
  return weak === undefined && VERSION.test(tag) ? Number(tag) : NEVER;
}
