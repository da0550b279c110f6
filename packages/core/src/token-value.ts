import type { RandomBytes } from './clock.ts';
import { Secret } from './secret.ts';

/**
 * The token value: `pst_`, 43 base62 characters of 256 random bits, 6 base62 characters of CRC-32 over all before them.
 * Golden vectors for other languages: docs/reference/token-vectors.json.
 */

export const TOKEN_PREFIX = 'pst_';
export const TOKEN_LENGTH = 53;
/** Finds token values in text; it says nothing of the checksum. */
export const TOKEN_PATTERN = /pst_[0-9A-Za-z]{49}/;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_CHARACTERS = 43;
const SECRET_BYTES = 32;
const CHECKSUM_CHARACTERS = 6;
const CHECKSUM_START = TOKEN_LENGTH - CHECKSUM_CHARACTERS;
const HINT_CHARACTERS = 4;

const CRC_TABLE = crcTable();
const IS_BASE62 = base62Table();

/** Text of a token's shape; its checksum has not been looked at. */
export class TokenShape extends Secret {
  declare readonly step: 'shape';
}

/** A token value whose checksum is right. Whether anybody ever issued it is another question. */
export class TokenValue extends Secret {
  declare readonly step: 'value';
}

/** The text as something of a token's shape: `pst_[0-9A-Za-z]{49}` and nothing around it. */
export function parseTokenShape(text: string): TokenShape | undefined {
  if (text.length !== TOKEN_LENGTH || !text.startsWith(TOKEN_PREFIX)) return undefined;
  for (let index = TOKEN_PREFIX.length; index < TOKEN_LENGTH; index += 1) {
    if (IS_BASE62[text.charCodeAt(index)] !== 1) return undefined;
  }
  return new TokenShape(text);
}

/** The token value, if the checksum at its end is right. Keeps typing errors and random probes away from cache and database. */
export function checkTokenChecksum(shape: TokenShape): TokenValue | undefined {
  const text = shape.reveal();
  let rest = crc32(text, CHECKSUM_START);
  for (let index = TOKEN_LENGTH - 1; index >= CHECKSUM_START; index -= 1) {
    if (text.charCodeAt(index) !== ALPHABET.charCodeAt(rest % 62)) return undefined;
    rest = Math.floor(rest / 62);
  }
  return new TokenValue(text);
}

/** Both steps: text to token value, or undefined. */
export function parseTokenValue(text: string): TokenValue | undefined {
  const shape = parseTokenShape(text);
  return shape && checkTokenChecksum(shape);
}

/** A new random token value. */
export function mintTokenValue(random: RandomBytes): TokenValue {
  return encodeTokenValue(random(SECRET_BYTES));
}

/** The token value that carries these 32 bytes, most significant byte first. */
export function encodeTokenValue(secret: Uint8Array): TokenValue {
  if (secret.length !== SECRET_BYTES) throw new RangeError(`a token carries ${SECRET_BYTES} bytes`);
  let rest = 0n;
  for (const byte of secret) rest = (rest << 8n) | BigInt(byte);
  let digits = '';
  for (let index = 0; index < SECRET_CHARACTERS; index += 1) {
    digits = ALPHABET.charAt(Number(rest % 62n)) + digits;
    rest /= 62n;
  }
  const body = TOKEN_PREFIX + digits;
  return new TokenValue(body + checksum(body, body.length));
}

/** The last four characters before the checksum: enough for a person to tell tokens apart, useless to an attacker. */
export function tokenHint(value: TokenValue): string {
  return value.reveal().slice(CHECKSUM_START - HINT_CHARACTERS, CHECKSUM_START);
}

/** The CRC-32 of the text's beginning as six base62 digits. */
function checksum(text: string, length: number): string {
  let rest = crc32(text, length);
  let digits = '';
  for (let index = 0; index < CHECKSUM_CHARACTERS; index += 1) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320) of the first `length` ASCII characters. */
function crc32(text: string, length: number): number {
  let crc = 0xffffffff;
  for (let index = 0; index < length; index += 1) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ text.charCodeAt(index)) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
}

function base62Table(): Uint8Array {
  const table = new Uint8Array(65_536);
  for (const character of ALPHABET) table[character.charCodeAt(0)] = 1;
  return table;
}
