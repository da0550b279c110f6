import { appendFile, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS, HOUR_MS } from '@postern/core';
import { readRevocationJournal } from '@postern/storage';
import { beforeEach, describe, expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { openRevocationJournal, readNewestRevocations } from '../src/revocation-journal.ts';

describe('a journal', () => {
  const INSTALLATION = { instance: 'i', incarnation: 1 };
  const revocation = (position: number) =>
    ({ organizationId: 'org_1', position, nonce: 'n', at: position, ended: [{ kind: 'tokens', id: 'sa_1' }] }) as never;
  let directory: string;
  beforeEach(async () => {
    directory = await tmpDirectory();
  });
  const positions = () =>
    readRevocationJournal(directory)
      ?.revocations.map(({ position }) => position)
      .sort();
  const onlyFile = async () =>
    join(directory, (await readdir(directory)).find((name) => name.endsWith('.revocations')) ?? '');

  async function write(...numbers: readonly number[]): Promise<void> {
    const journal = openRevocationJournal(directory, INSTALLATION, () => 1_000);
    await Promise.all(numbers.map((position) => journal.append([revocation(position)])));
    await journal.close();
  }

  test('forgets what a crash has torn off at the end of a file, and nothing else', async () => {
    await write(1, 2);
    await appendFile(await onlyFile(), '{"organizationId":"org_1","posi');
    await write(3);
    expect(positions()).toEqual([1, 2, 3]);
  });

  test('is refused when a line of it is damaged', async () => {
    await write(1, 2, 3);
    const file = await onlyFile();
    await writeFile(file, (await readFile(file, 'utf8')).replace('"position":2', '"position":7'));
    expect(positions).toThrow(/^Line 2 of the revocation journal .* is damaged/);
  });

  test('stays within its size, and says since when it is whole', async () => {
    let now = 1_000;
    const journal = openRevocationJournal(directory, INSTALLATION, () => now, { fileBytes: 500, totalBytes: 2_000 });
    expect(readRevocationJournal(directory)).toMatchObject({ since: 1_000 });
    for (let position = 1; position <= 60; position += 1) {
      now += 1;
      await journal.append([revocation(position)]);
    }
    await journal.close();
    const read = readRevocationJournal(directory);
    const kept = read?.revocations.map(({ position }) => position) ?? [];
    expect(kept.length).toBeLessThan(30);
    expect(kept.length).toBeGreaterThan(8);
    expect(kept.at(-1)).toBe(60);
    expect(kept).toEqual(kept.map((_, index) => (kept[0] ?? 0) + index));
    // Files are old by the clock of the disk.
    expect(read?.since).toBeGreaterThan(Date.now() - HOUR_MS);
    expect((await readdir(directory)).filter((name) => name.endsWith('.since')).length).toBeLessThan(4);
  });

  test('reaches as far back as whoever removed the newest of it has said', async () => {
    await write(1);
    for (const since of [3_000, 2_000]) await writeFile(join(directory, `00000000000${since}.since`), '');
    expect(readRevocationJournal(directory)).toMatchObject({ instance: 'i', since: 3_000 });
  });

  test('never says that it reaches further back than it said before', async () => {
    const later = Date.now() + DAY_MS;
    const journal = openRevocationJournal(directory, INSTALLATION, () => later, { fileBytes: 1, totalBytes: 500 });
    for (let position = 1; position <= 10; position += 1) await journal.append([revocation(position)]);
    await journal.close();
    expect(positions()).not.toContain(1);
    expect(readRevocationJournal(directory)).toMatchObject({ since: later });
  });

  test('goes on in another file when a process beside it has removed the one that it had', async () => {
    const idle = openRevocationJournal(directory, INSTALLATION, () => 1_000);
    await idle.append([revocation(1)]);
    const busy = openRevocationJournal(directory, INSTALLATION, () => 2_000, { fileBytes: 1, totalBytes: 500 });
    for (let position = 2; position <= 10; position += 1) await busy.append([revocation(position)]);
    expect(positions()).not.toContain(1);
    await idle.append([revocation(11)]);
    expect(positions()).toContain(11);
    await Promise.all([idle.close(), busy.close()]);
  });

  test('takes a file for as new as what was last written to it', async () => {
    const first = openRevocationJournal(directory, INSTALLATION, () => 1_000);
    await first.append([revocation(1)]);
    const file = await onlyFile();
    for (let position = 2; position <= 30; position += 1) await write(position);
    for (const name of await readdir(directory))
      if (join(directory, name) !== file) await utimes(join(directory, name), 1, 1);
    await first.append([revocation(31)]);
    await first.close();
    expect(readNewestRevocations(directory)).toContainEqual(expect.objectContaining({ position: 31 }));
    const trimming = openRevocationJournal(directory, INSTALLATION, () => 2_000, { totalBytes: 1_000 });
    await trimming.append([revocation(32)]);
    await trimming.close();
    expect(positions()?.length).toBeLessThan(12);
    expect(positions()).toEqual(expect.arrayContaining([1, 31, 32]));
  });

  test('is known by the names of its files where a copy has lost their times', async () => {
    for (let position = 1; position <= 30; position += 1) {
      const journal = openRevocationJournal(directory, INSTALLATION, () => position);
      await journal.append([revocation(position)]);
      await journal.close();
    }
    const files = (await readdir(directory)).filter((name) => name.endsWith('.revocations')).sort();
    for (const [index, name] of files.entries()) await utimes(join(directory, name), 100 - index, 100 - index);
    expect(readNewestRevocations(directory)).toContainEqual(expect.objectContaining({ position: 30 }));
  });

  test('has its newest line looked at, however long it is', async () => {
    const ended = Array.from({ length: 50_000 }, (_, index) => ({ kind: 'token', id: `tok_${index}` }));
    const journal = openRevocationJournal(directory, INSTALLATION, () => 1_000);
    await journal.append([revocation(1), { ...(revocation(2) as object), ended } as never]);
    await journal.close();
    expect(readNewestRevocations(directory)).toMatchObject([{ position: 2 }]);
  });

  test('of which the newest lines are asked for is looked at from its end', async () => {
    const journal = openRevocationJournal(directory, INSTALLATION, () => 1_000);
    await journal.append(Array.from({ length: 12_000 }, (_, index) => revocation(index + 1)));
    await journal.close();
    const file = await onlyFile();
    await writeFile(file, (await readFile(file, 'utf8')).replace('"position":2,', '"position":7,'));
    const newest = readNewestRevocations(directory).map(({ position }) => position);
    expect(newest).toEqual(Array.from({ length: 1_000 }, (_, index) => 11_001 + index));
  });
});
