/**
 * A salted SHA-256 (FIPS 180-4) of token values, without waiting: `crypto.subtle` answers later, which costs more than the
 * hash, and a module of Node's is not there in browsers and workers. The salt fills the first block, so that what is left
 * for each value is one block.
 */

const VALUE_LENGTH = 53;
const BLOCK_BYTES = 64;
const WORDS = 64;

const { initial: INITIAL, round: ROUND } = constants();

/** A function that gives the hash as text of 16 characters, or undefined for what is not 53 characters of ASCII. */
export function createTokenHash(salt: Uint8Array): (value: string) => string | undefined {
  const w = new Int32Array(WORDS);
  const h = new Int32Array(8);
  const block = new DataView(new ArrayBuffer(BLOCK_BYTES));
  for (let index = 0; index < BLOCK_BYTES; index += 1) block.setUint8(index, salt[index % salt.length] ?? 0);
  for (let index = 0; index < 16; index += 1) w[index] = block.getInt32(4 * index);
  compress(INITIAL, w, h);
  const salted = Int32Array.from(h);

  return (value) => {
    if (value.length !== VALUE_LENGTH) return undefined;
    let all = 0;
    for (let word = 0; word < 13; word += 1) {
      const at = 4 * word;
      const one = value.charCodeAt(at);
      const two = value.charCodeAt(at + 1);
      const three = value.charCodeAt(at + 2);
      const four = value.charCodeAt(at + 3);
      all |= one | two | three | four;
      w[word] = (one << 24) | (two << 16) | (three << 8) | four;
    }
    const last = value.charCodeAt(VALUE_LENGTH - 1);
    if ((all | last) > 0x7f) return undefined;
    w[13] = (last << 24) | 0x800000;
    w[14] = 0;
    w[15] = 8 * (BLOCK_BYTES + VALUE_LENGTH);
    compress(salted, w, h);
    return textOf(h);
  };
}

/** 16 bits a character. Spelled out: a loop, or a list that is spread, costs as much as the hash. */
function textOf(h: Int32Array): string {
  const a = h[0] as number;
  const b = h[1] as number;
  const c = h[2] as number;
  const d = h[3] as number;
  const e = h[4] as number;
  const f = h[5] as number;
  const g = h[6] as number;
  const i = h[7] as number;
  // biome-ignore format: eight words, two characters each
  return String.fromCharCode(
    a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, c >>> 16, c & 0xffff, d >>> 16, d & 0xffff,
    e >>> 16, e & 0xffff, f >>> 16, f & 0xffff, g >>> 16, g & 0xffff, i >>> 16, i & 0xffff,
  );
}

function compress(from: Int32Array, w: Int32Array, into: Int32Array): void {
  for (let t = 16; t < WORDS; t += 1) {
    const x = w[t - 15] as number;
    const y = w[t - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = ((w[t - 16] as number) + s0 + (w[t - 7] as number) + s1) | 0;
  }
  let a = from[0] as number;
  let b = from[1] as number;
  let c = from[2] as number;
  let d = from[3] as number;
  let e = from[4] as number;
  let f = from[5] as number;
  let g = from[6] as number;
  let h = from[7] as number;
  for (let t = 0; t < WORDS; t += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND[t] as number) + (w[t] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  into[0] = ((from[0] as number) + a) | 0;
  into[1] = ((from[1] as number) + b) | 0;
  into[2] = ((from[2] as number) + c) | 0;
  into[3] = ((from[3] as number) + d) | 0;
  into[4] = ((from[4] as number) + e) | 0;
  into[5] = ((from[5] as number) + f) | 0;
  into[6] = ((from[6] as number) + g) | 0;
  into[7] = ((from[7] as number) + h) | 0;
}

/** FIPS 180-4, sections 4.2.2 and 5.3.3: the first 32 bits of the fractions of roots of the first primes. */
function constants(): { initial: Int32Array; round: Int32Array } {
  const primes: number[] = [];
  for (let n = 2; primes.length < WORDS; n += 1) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0;
  return {
    initial: Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    round: Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
  };
}
