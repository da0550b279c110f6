import { randomBytes } from 'node:crypto';
import { mintTokenValue } from '@postern/core';

/** A new, well-formed token value as text; nobody has issued it. */
export function generateTokenText(): string {
  return mintTokenValue(randomBytes).reveal();
}
