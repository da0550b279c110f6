import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { digestToken, parseSecretKey, parseTokenValue } from '@postern/core';
import type { TestServer } from './postern.ts';

/** Looks for secrets in everything that a Postern leaves behind. */

/** Something that must not be found, and what it is called when it is. */
export interface Needle {
  readonly what: string;
  readonly bytes: Buffer;
}

export interface Place {
  readonly where: string;
  readonly bytes: Buffer;
}

/** `what in where` for each secret that is somewhere it must not be. */
export function findSecrets(places: readonly Place[], needles: readonly Needle[]): string[] {
  return places.flatMap(({ where, bytes }) =>
    needles.filter((needle) => bytes.includes(needle.bytes)).map(({ what }) => `${what} in ${where}`),
  );
}

/** All forms in which these secrets could turn up. */
export function secretNeedles(secrets: {
  readonly values: readonly string[];
  readonly idempotencyKeys: readonly string[];
  readonly secretKeys: readonly string[];
}): Needle[] {
  const needles: Needle[] = [];
  secrets.values.forEach((value, index) => {
    needles.push({ what: `value ${index}`, bytes: Buffer.from(value) });
    // Without prefix and checksum it is as good as whole.
    needles.push({ what: `the core of value ${index}`, bytes: Buffer.from(value.slice(4, 47)) });
    needles.push(...encodings(`value ${index}`, Buffer.from(value)));
    needles.push(...encodings(`the plain hash of value ${index}`, createHash('sha256').update(value).digest()));
  });
  secrets.idempotencyKeys.forEach((key, index) => {
    needles.push({ what: `idempotency key ${index}`, bytes: Buffer.from(key) });
  });
  secrets.secretKeys.forEach((text, index) => {
    const raw = Buffer.from(text.slice(text.indexOf(':') + 1), 'base64url');
    needles.push(...encodings(`secret key ${index}`, raw));
    for (const [purpose, subkey] of Object.entries(secretKeyOf(text).subkeys)) {
      needles.push(...encodings(`the ${purpose} subkey of secret key ${index}`, subkey.export()));
    }
  });
  return needles;
}

/** The digests of the values, which only the table of digests may hold. */
export function digestNeedles(values: readonly string[], secretKeys: readonly string[]): Needle[] {
  return values.flatMap((value, index) =>
    secretKeys.flatMap((text) => {
      const parsed = parseTokenValue(value);
      if (!parsed) throw new Error(`value ${index} is no token value`);
      return encodings(
        `the digest of value ${index}`,
        Buffer.from(digestToken(parsed, secretKeyOf(text)).digest, 'base64url'),
      );
    }),
  );
}

function encodings(what: string, bytes: Buffer): Needle[] {
  return [
    { what, bytes },
    { what: `${what} (base64url)`, bytes: Buffer.from(bytes.toString('base64url')) },
    { what: `${what} (base64)`, bytes: Buffer.from(bytes.toString('base64')) },
    { what: `${what} (hex)`, bytes: Buffer.from(bytes.toString('hex')) },
  ];
}

function secretKeyOf(text: string) {
  const key = parseSecretKey(text);
  if (!key) throw new Error('not a secret key');
  return key;
}

/** The files of the data directory as they lie there, `-wal` and `-shm` included; the key's own file is where the key belongs. */
export async function dataFiles({ data, databaseFile }: TestServer): Promise<Place[]> {
  const directory = join(data.directory, 'data');
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
  const names = files.filter((name) => name !== 'secret.key');
  // What was revoked is in the journal, which is read like the rest.
  if (!data.databaseUrl && !names.some((name) => name.endsWith('.revocations')))
    throw new Error('the journal is missing');
  if (!data.databaseUrl && !names.includes('postern.db')) throw new Error(`${databaseFile} is missing`);
  return Promise.all(names.map(async (name) => ({ where: name, bytes: await readFile(join(directory, name)) })));
}

/** All rows of all tables as text. */
export async function databaseRows(server: TestServer): Promise<Place[]> {
  const tables = await server.query(
    server.engine === 'sqlite'
      ? `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`
      : `select table_name as name from information_schema.tables where table_schema = 'public'`,
  );
  return Promise.all(
    tables.map(async ({ name }) => {
      const rows = await server.query(`select * from "${name}"`);
      return { where: `table ${name}`, bytes: Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')) };
    }),
  );
}

/** The same without the one column where digests belong: `token_digest.digest`. */
export async function databaseRowsWithoutDigests(server: TestServer): Promise<Place[]> {
  const places = await databaseRows(server);
  const rows = await server.query('select * from token_digest');
  const without = rows.map((row) => JSON.stringify({ ...row, digest: undefined })).join('\n');
  return places.map((place) =>
    place.where === 'table token_digest' ? { ...place, bytes: Buffer.from(without) } : place,
  );
}

export async function processOutput(server: TestServer): Promise<Place> {
  return { where: 'the log and stdout', bytes: Buffer.from(await server.output()) };
}
