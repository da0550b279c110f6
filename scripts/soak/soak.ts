import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createHttpClient, type HttpClient } from '../../testing/http-client.ts';
import { attachInspector, type Inspector, inspectorAddressOn } from '../../testing/inspector.ts';
import { findPort } from '../../testing/port.ts';
import { type Postern, startPostern } from '../../testing/postern-process.ts';
import { growthPerMinute, type Sample } from './growth.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly databaseUrl: string | undefined;
  /** Told each sample, for whoever waits. */
  readonly onSample?: (line: string) => void;
}

export interface SoakResult {
  readonly minutes: number;
  readonly requests: number;
  readonly failed: number;
  readonly changes: number;
  readonly perSecond: number;
  readonly samples: readonly Sample[];
  /** Taken right after garbage was collected. What is garbage is let go late, and least of all where there is memory enough. */
  readonly cleanSamples: readonly Sample[];
  /** Of resident memory without garbage, from the second third on: what is needed once is there by then. */
  readonly mebibytesPerMinute: number;
  readonly filesGrown: number;
  readonly isFlat: boolean;
}

const CONNECTIONS = 16;
const TOKENS = 200;
/** For finding out what the server can take. */
const CALIBRATION_MS = 5_000;
/** As small as can be, so that it is full by the time that growth counts: a cache that still fills grows, and means nothing. */
const CACHE_BYTES = 1024 * 1024;
const SAMPLE_MS = 5_000;
/** How often garbage is collected: at least so many times, and otherwise once a minute. */
const CLEAN_SAMPLES = 20;
const CLEAN_SAMPLE_MS = 60_000;
const CHURN_MS = 100;
/** Beyond this memory grows. */
const GROWTH_LIMIT_MIB_PER_MINUTE = 0.5;
const FILES_LIMIT = 5;

export async function soak({ minutes, databaseUrl, onSample = () => undefined }: SoakOptions): Promise<SoakResult> {
  const inspectorPort = await findPort();
  const server = await startPostern({
    ...(databaseUrl !== undefined && { databaseUrl }),
    logFile: '/dev/null',
    nodeFlags: [`--inspect=127.0.0.1:${inspectorPort}`],
    env: { POSTERN_CACHE_BYTES: String(CACHE_BYTES) },
  });
  const client = createHttpClient(server.url, server.adminToken, CONNECTIONS + 2);
  const inspected = await attachInspector(await inspectorAddressOn(inspectorPort));
  try {
    const tokens = await createTokens(client);
    const full = await run(client, tokens, CALIBRATION_MS, Number.POSITIVE_INFINITY);
    const perSecond = full.requests / (CALIBRATION_MS / 1_000) / 2;
    const end = { over: false };
    const churning = churn(client, tokens, end);
    const sampling = sample(server, inspected, { end, minutes, onSample });
    const load = await run(client, tokens, minutes * 60_000, perSecond);
    end.over = true;
    const [changes, { samples, cleanSamples }] = [await churning, await sampling];
    const mebibytesPerMinute = growthPerMinute(afterFirstThird(cleanSamples));
    const steady = afterFirstThird(samples);
    const filesGrown = (steady.at(-1)?.files ?? 0) - (steady[0]?.files ?? 0);
    const isFlat =
      mebibytesPerMinute < GROWTH_LIMIT_MIB_PER_MINUTE &&
      filesGrown <= FILES_LIMIT &&
      load.failed + changes.failed === 0;
    return {
      ...{ minutes, perSecond, samples, cleanSamples, mebibytesPerMinute, filesGrown, isFlat, changes: changes.done },
      requests: load.requests,
      failed: load.failed + changes.failed,
    };
  } finally {
    inspected.close();
    client.close();
    await server.remove();
  }
}

function afterFirstThird(samples: readonly Sample[]): readonly Sample[] {
  return samples.slice(Math.floor(samples.length / 3));
}

export function printSoak(result: SoakResult): string {
  const {
    minutes,
    perSecond,
    requests,
    failed,
    changes,
    samples,
    cleanSamples,
    mebibytesPerMinute,
    filesGrown,
    isFlat,
  } = result;
  const [first, last] = [samples[0], samples.at(-1)];
  const mebibytes = (of: readonly Sample[], at: number): string => (of.at(at)?.mebibytes ?? 0).toFixed(0);
  return [
    `${minutes} minutes at ${Math.round(perSecond)} requests a second (half of what it can take): ${requests} requests, ${changes} changes, ${failed} failed`,
    `resident memory: ${mebibytes(samples, 0)} MiB at first, ${mebibytes(samples, -1)} MiB at last`,
    `without garbage: ${mebibytes(cleanSamples, 0)} MiB at first, ${mebibytes(cleanSamples, -1)} MiB at last, ${mebibytesPerMinute.toFixed(2)} MiB a minute after the first third`,
    `open files: ${first?.files} at first, ${last?.files} at last, ${filesGrown} more after the first third`,
    isFlat ? 'flat' : 'NOT flat',
  ].join('\n');
}

interface Issued {
  path: string;
  value: string;
}

async function createTokens(client: HttpClient): Promise<Issued[]> {
  const body = { displayName: 'soak', organizationRole: 'member' };
  const { id } = (await client.call('POST', '/api/v1/service-accounts', { body })).body;
  const all: Issued[] = [];
  for (let index = 0; index < TOKENS; index += 1) all.push(await createToken(client, `/api/v1/service-accounts/${id}`));
  return all;
}

async function createToken(client: HttpClient, account: string): Promise<Issued> {
  const { status, body } = await client.call('POST', `${account}/tokens`, { body: { name: 'soak' } });
  if (status !== 201) throw new Error(`a token could not be made: ${status}`);
  return { path: `${account}/tokens/${body.token.id}`, value: body.value };
}

/** Calls with the tokens in turn, at most so many a second; an answer other than 200 counts as failed, unless it was just ended. */
async function run(client: HttpClient, tokens: readonly Issued[], ms: number, perSecond: number) {
  const started = performance.now();
  const done = { requests: 0, failed: 0 };
  let begun = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const elapsed = performance.now() - started;
      if (elapsed >= ms) return;
      const early = (begun / perSecond) * 1_000 - elapsed;
      if (early > 0) {
        await wait(Math.min(early, ms - elapsed));
        continue;
      }
      begun += 1;
      const token = tokens[begun % tokens.length] as Issued;
      const { value } = token;
      // Just being refreshed: its value is known to nobody.
      if (value === '') continue;
      const { status } = await client.call('GET', '/api/v1/me', { token: value });
      done.requests += 1;
      if (status !== 200 && token.value === value) done.failed += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  return done;
}

/** Takes tokens in turn: refreshes one, and replaces another by a new one. */
async function churn(client: HttpClient, tokens: Issued[], end: { over: boolean }) {
  const done = { done: 0, failed: 0 };
  for (let turn = 0; !end.over; turn += 1) {
    const token = tokens[turn % tokens.length] as Issued;
    const account = token.path.slice(0, token.path.indexOf('/tokens'));
    if (turn % 2 === 0) {
      const { path, value } = token;
      token.value = '';
      const answer = await client.call('POST', `${path}/refresh`, { body: {} });
      token.value = answer.status === 200 ? answer.body.value : value;
      if (answer.status !== 200) done.failed += 1;
    } else {
      const next = await createToken(client, account);
      const { path } = token;
      Object.assign(token, next);
      if ((await client.call('DELETE', path)).status !== 204) done.failed += 1;
    }
    done.done += 1;
    await wait(CHURN_MS);
  }
  return done;
}

interface Sampling {
  readonly end: { readonly over: boolean };
  readonly minutes: number;
  readonly onSample: (line: string) => void;
}

async function sample({ pid }: Postern, inspected: Inspector, { end, minutes, onSample }: Sampling) {
  const samples: Sample[] = [];
  const cleanSamples: Sample[] = [];
  const started = performance.now();
  const cleanEvery = Math.min(CLEAN_SAMPLE_MS, (minutes * 60_000) / CLEAN_SAMPLES);
  const take = (into: Sample[], what: string): void => {
    const taken = { minutes: (performance.now() - started) / 60_000, ...readProcess(pid) };
    into.push(taken);
    onSample(`${taken.minutes.toFixed(2)} min: ${taken.mebibytes.toFixed(0)} MiB${what}, ${taken.files} files`);
  };
  while (!end.over) {
    take(samples, '');
    if (performance.now() - started >= cleanEvery * cleanSamples.length) {
      await inspected.collectGarbage();
      take(cleanSamples, ' without garbage');
    }
    await wait(SAMPLE_MS);
  }
  return { samples, cleanSamples };
}

function readProcess(pid: number): Pick<Sample, 'mebibytes' | 'files'> {
  const kibibytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { mebibytes: kibibytes / 1_024, files: readdirSync(`/proc/${pid}/fd`).length };
}
