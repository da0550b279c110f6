import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { tmpDirectory } from '../testing/tmp.ts';
import { buildFrom, type Sources } from './built-from.ts';

/** What is built once for each state of its sources, and stays whole whoever else builds, or is killed while they do. */

const DAY_MS = 86_400_000;

let sources: Sources;
let source: string;

beforeEach(async () => {
  const folder = await tmpDirectory();
  await mkdir(join(folder, 'src'));
  await mkdir(join(folder, 'builds'));
  source = join(folder, 'src/one.txt');
  sources = { mode: 'test', folders: [join(folder, 'src')], files: [], builds: join(folder, 'builds') };
});

/** A build that takes a while and is made of two files. Resolves with how often it was run. */
async function build(text: string): Promise<number> {
  await writeFile(source, text);
  let runs = 0;
  await buildFrom(sources, 'a test', async (folder) => {
    runs += 1;
    await mkdir(folder);
    await writeFile(join(folder, 'one'), text);
    await readFile(source);
    await writeFile(join(folder, 'two'), text);
  });
  return runs;
}

const nameOfCurrent = () => readFile(join(sources.builds, 'current'), 'utf8');
const folders = async () => (await readdir(sources.builds)).filter((name) => name !== 'current').toSorted();

/** What it holds, if it is whole. */
async function contentOf(name: string): Promise<string | undefined> {
  const [one, two] = await Promise.all(
    ['one', 'two'].map((file) => readFile(join(sources.builds, name, file), 'utf8').catch(() => undefined)),
  );
  return one === two ? one : undefined;
}

async function age(name: string, days: number): Promise<void> {
  const then = new Date(Date.now() - days * DAY_MS);
  await utimes(join(sources.builds, name), then, then);
}

test('what has not changed is not built again; what was built before is taken again', async () => {
  expect(await build('first')).toBe(1);
  expect(await build('first')).toBe(0);
  const first = await nameOfCurrent();
  expect(await build('second')).toBe(1);
  expect(await contentOf(await nameOfCurrent())).toBe('second');
  expect(await build('first')).toBe(0);
  expect(await nameOfCurrent()).toBe(first);
});

test('builds at the same time leave one, whole', async () => {
  await Promise.all([build('same'), build('same'), build('same')]);
  expect(await folders()).toEqual([await nameOfCurrent()]);
  expect(await contentOf(await nameOfCurrent())).toBe('same');
});

test('what is written while it is built is built, and nothing half of each is kept', async () => {
  await writeFile(source, 'before');
  const built: string[] = [];
  await buildFrom(sources, 'a test', async (folder) => {
    const text = await readFile(source, 'utf8');
    built.push(text);
    await mkdir(folder);
    await writeFile(join(folder, 'one'), text);
    if (text === 'before') await writeFile(source, 'after');
    await writeFile(join(folder, 'two'), text);
  });
  expect(built).toEqual(['before', 'after']);
  expect(await folders()).toEqual([await nameOfCurrent()]);
  expect(await contentOf(await nameOfCurrent())).toBe('after');
  expect(await build('after')).toBe(0);
});

test('a build that fails changes nothing, and what it left is removed later', async () => {
  await build('good');
  const good = await nameOfCurrent();
  await writeFile(source, 'bad');
  const failing = buildFrom(sources, 'a test', async (folder) => {
    await mkdir(folder);
    await writeFile(join(folder, 'one'), 'half');
    throw new Error('no more');
  });
  await expect(failing).rejects.toThrow('no more');
  expect(await nameOfCurrent()).toBe(good);
  const [left = ''] = (await folders()).filter((name) => name !== good);
  await age(left, 8);
  await build('better');
  expect(await folders()).toEqual([good, await nameOfCurrent()].toSorted());
});

test('a server may go on with the build that it runs for a week after another has replaced it', async () => {
  await build('monday');
  const monday = await nameOfCurrent();
  await age(monday, 100);
  await build('tuesday');
  expect(await contentOf(monday)).toBe('monday');
  await age(monday, 6);
  await build('wednesday');
  expect(await contentOf(monday)).toBe('monday');
  await age(monday, 8);
  await build('thursday');
  expect(await contentOf(monday)).toBeUndefined();
});
