import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What a token value looks like, read from bytes: docs/reference/token-format.md. */

export const VALUE_LENGTH = 53;
const ALPHABET = Buffer.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 'latin1');
const CHECKSUM_START = VALUE_LENGTH - 6;
const PREFIX = 'pst_';
const IS_BASE62 = new Uint8Array(256);
for (const byte of ALPHABET) IS_BASE62[byte] = 1;

/** Whether `pst_` at this place of the buffer is followed by 49 characters of base62. */
export function hasShapeAt(bytes: Uint8Array, start: number): boolean {
  if (start + VALUE_LENGTH > bytes.length) return false;
  for (let index = start + PREFIX.length; index < start + VALUE_LENGTH; index += 1) {
    if (IS_BASE62[bytes[index] as number] !== 1) return false;
  }
  return true;
}

/** Whether the six characters at the end are the checksum of what stands before them. */
export function hasChecksumAt(bytes: Uint8Array, start: number): boolean {
  let rest = crc32(bytes.subarray(start, start + CHECKSUM_START));
  for (let index = start + VALUE_LENGTH - 1; index >= start + CHECKSUM_START; index -= 1) {
    if (bytes[index] !== ALPHABET[rest % 62]) return false;
    rest = Math.floor(rest / 62);
  }
  return true;
}

export type Inspection =
  | { readonly shape: false }
  | { readonly shape: true; readonly checksum: false }
  | { readonly shape: true; readonly checksum: true; readonly hint: string };

/** What a text tells about itself, without asking anybody. */
export function inspectText(text: string): Inspection {
  const bytes = Buffer.from(text, 'latin1');
  if (text.length !== VALUE_LENGTH || !text.startsWith(PREFIX) || !hasShapeAt(bytes, 0)) return { shape: false };
  if (!hasChecksumAt(bytes, 0)) return { shape: true, checksum: false };
  return { shape: true, checksum: true, hint: text.slice(CHECKSUM_START - 4, CHECKSUM_START) };
}

/** A new random value: 256 random bits, and their checksum. */
export function generateText(): string {
  let rest = BigInt(`0x${randomBytes(32).toString('hex')}`);
  let body = '';
  for (let index = 0; index < CHECKSUM_START - PREFIX.length; index += 1) {
    body = String.fromCharCode(ALPHABET[Number(rest % 62n)] as number) + body;
    rest /= 62n;
  }
  let sum = crc32(PREFIX + body);
  let checksum = '';
  for (let index = 0; index < 6; index += 1) {
    checksum = String.fromCharCode(ALPHABET[sum % 62] as number) + checksum;
    sum = Math.floor(sum / 62);
  }
  return PREFIX + body + checksum;
}
