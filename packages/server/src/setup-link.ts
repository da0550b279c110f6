import type { LinkValue } from '@postern/core';

/** Where the first person comes in. The code stands behind the #, which browsers send nowhere and nobody logs. */
export function setupLink(url: string, value: LinkValue): string {
  return `${url}/setup#${value.reveal()}`;
}
