const SHAPE = /^pst_[0-9A-Za-z]{49}$/;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKED_LENGTH = 47;
const CHECKSUM_LENGTH = 6;

/** Of CRC-32 (IEEE 802.3), one entry for each byte. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** Whether the text can be a token value at all: its shape and its checksum are right. Asks nobody. */
export function isTokenText(text: string): boolean {
  if (text.length !== CHECKED_LENGTH + CHECKSUM_LENGTH || !SHAPE.test(text)) return false;
  let rest = -1;
  for (let at = 0; at < CHECKED_LENGTH; at += 1) {
    rest = (rest >>> 8) ^ (TABLE[(rest ^ text.charCodeAt(at)) & 0xff] as number);
  }
  let number = ~rest >>> 0;
  let digits = '';
  for (let count = 0; count < CHECKSUM_LENGTH; count += 1) {
    digits = (ALPHABET[number % ALPHABET.length] as string) + digits;
    number = Math.floor(number / ALPHABET.length);
  }
  return text.endsWith(digits);
}
