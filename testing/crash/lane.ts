import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createHttpClient } from '../http-client.ts';
import { createPosternData, type PosternData, removePosternData } from '../postern-process.ts';
import type { Random } from '../random.ts';
import { check, type Verdict } from './check.ts';
import { type DatabaseView, readDatabase } from './database.ts';
import type { Finding } from './finding.ts';
import { conclusiveAnswer, createJournal, type Entry, type Journal } from './journal.ts';
import { startLoad } from './load.ts';
import { createModel, type Model, type ValueModel } from './model.ts';
import { launchNodes, type Nodes } from './nodes.ts';
import { type Replay, replay } from './replay.ts';
import { countEntries, type Ending, type Report } from './report.ts';
import { perform } from './request.ts';
import { createUseCounter, type UseCounter, verify } from './verification.ts';

/** Rounds of load, end, start and check, one after the other on one database. */

export interface LaneOptions {
  /** Distinguishes its requests from those of other lanes. */
  readonly name: string;
  readonly rounds: number;
  readonly random: Random;
  readonly nodes: number;
  readonly workers: number;
  /** Absent = embedded. */
  readonly databaseUrl: string | undefined;
}

/** Loads end within so many milliseconds; kills come within so many on the way up, and on the way down. */
const LOAD_MS = 600;
const START_MS = 1_200;
const STOP_MS = 80;
/** Within this time a process that was told to stop must be gone. */
const STOP_LIMIT_MS = 10_000;
const FIRST_ANSWER_LIMIT_MS = 4_000;
/** Values that a check asks about, besides those that its round touched. */
const SAMPLE = 150;
const REPEATS_MAX = 3;

interface Lane extends LaneOptions {
  readonly data: PosternData;
  readonly journal: Journal;
  readonly uses: UseCounter;
  readonly endings: Record<Ending, number>;
  readonly findings: (Finding & { readonly round: number })[];
  rounds: number;
  verdicts: number;
  longestStartMs: number;
  longestStopMs: number;
  view: DatabaseView | undefined;
  replayed: Replay | undefined;
}

interface Running {
  readonly launch: Nodes;
  readonly urls: readonly string[];
}

/** Runs the rounds, up to the first one with findings; after findings, database and journal are kept. */
export async function runLane(options: LaneOptions): Promise<Report> {
  const data = await createPosternData(options.databaseUrl);
  const lane = openLane(options, data);
  let running: Running | undefined;
  let isKept = false;
  try {
    let model = createModel();
    for (let round = 0; round < options.rounds && lane.findings.length === 0; round += 1) {
      running = await runRound(lane, round, running, model);
      if (!running) break;
      model = await checkAll(lane, round, running);
      lane.rounds += 1;
    }
    isKept = lane.findings.length > 0;
    if (isKept) await keepEvidence(lane);
    return reportOf(lane, isKept ? [data.directory] : []);
  } finally {
    await running?.launch.kill();
    if (!isKept) await removePosternData(data);
  }
}

function openLane(options: LaneOptions, data: PosternData): Lane {
  return {
    ...options,
    data,
    journal: createJournal(options.name),
    uses: createUseCounter(),
    endings: { load: 0, start: 0, stopping: 0, stop: 0 },
    findings: [],
    rounds: 0,
    verdicts: 0,
    longestStartMs: 0,
    longestStopMs: 0,
    view: undefined,
    replayed: undefined,
  };
}

function reportOf(lane: Lane, evidence: readonly string[]): Report {
  const { rounds, endings, verdicts, longestStartMs, longestStopMs, findings, journal, replayed } = lane;
  const counts = countEntries(journal.entries, replayed?.doneUnanswered ?? new Set());
  return { rounds, endings, ...counts, verdicts, longestStartMs, longestStopMs, findings, evidence };
}

/** One round, up to the process that is there after it and has settled what was cut off; undefined when none comes up. */
async function runRound(
  lane: Lane,
  round: number,
  running: Running | undefined,
  model: Model,
): Promise<Running | undefined> {
  const { random, data, endings, uses } = lane;
  const ending: Ending = running ? pickEnding(random) : 'start';
  endings[ending] += 1;
  if (ending !== 'start' && running) {
    await endUnderLoad(lane, round, running, model, ending);
  } else {
    if (running) {
      await (random.chance(0.5) ? stop(lane, round, running) : running.launch.kill());
      uses.ended(await running.launch.exited);
    }
    const launch = launchNodes(data, lane);
    await Promise.race([pause(random.fraction() * START_MS), launch.exited]);
    await launch.kill();
  }
  const next = await start(lane, round);
  if (next) await repeatUnanswered(lane, round, next);
  return next;
}

function pickEnding(random: Random): Ending {
  const chance = random.fraction();
  if (chance < 0.65) return 'load';
  if (chance < 0.8) return 'start';
  return chance < 0.9 ? 'stopping' : 'stop';
}

async function endUnderLoad(
  lane: Lane,
  round: number,
  running: Running,
  model: Model,
  ending: Exclude<Ending, 'start'>,
): Promise<void> {
  const { data, random, journal, uses } = lane;
  const { launch, urls } = running;
  const load = startLoad({ urls, adminToken: data.adminToken, journal, model, uses, random: random.fork(), round });
  // Now and then the end comes while the first mutations still wait: for the lease of the process before, for one.
  if (random.chance(0.7)) await Promise.race([load.answered, pause(FIRST_ANSWER_LIMIT_MS)]);
  await pause(random.fraction() * LOAD_MS);
  if (ending === 'stop') {
    await stop(lane, round, running);
  } else {
    if (ending === 'stopping') {
      launch.signal('SIGTERM');
      await Promise.race([pause(random.fraction() * STOP_MS), launch.exited]);
    }
    await launch.kill();
  }
  report(lane, round, await load.stop());
  uses.ended(await launch.exited);
}

/** In good order: it must be gone in time, and say that all went well. */
async function stop(lane: Lane, round: number, { launch }: Running): Promise<void> {
  const since = performance.now();
  launch.signal('SIGTERM');
  const inGoodOrder = await Promise.race([launch.exited, pause(2 * STOP_LIMIT_MS, false)]);
  const ms = performance.now() - since;
  await launch.kill();
  lane.longestStopMs = Math.max(lane.longestStopMs, ms);
  if (inGoodOrder && ms < STOP_LIMIT_MS) return;
  report(lane, round, [
    { kind: 'process', text: `not stopped in good order within ${Math.round(ms)} ms\n${launch.stderr()}` },
  ]);
}

async function start(lane: Lane, round: number): Promise<Running | undefined> {
  const since = performance.now();
  const launch = launchNodes(lane.data, lane);
  try {
    const urls = await launch.ready;
    lane.longestStartMs = Math.max(lane.longestStartMs, performance.now() - since);
    return { launch, urls };
  } catch (error) {
    await launch.kill();
    report(lane, round, [{ kind: 'process', text: String(error) }]);
    return undefined;
  }
}

/** What was cut off under an Idempotency-Key is asked for again, as a client would that lost its answer. */
async function repeatUnanswered({ journal, data, random }: Lane, round: number, { urls }: Running): Promise<void> {
  const client = createHttpClient(random.pick(urls), data.adminToken);
  const cutOff = journal.entries.filter(
    (entry) => entry.round === round && entry.idempotencyKey !== null && !conclusiveAnswer(entry),
  );
  for (const { client: number, intent, idempotencyKey, retryOf, number: original } of cutOff) {
    const facts = { round, client: number, intent, idempotencyKey, retryOf: retryOf ?? original, race: null };
    for (let attempt = 0; attempt < REPEATS_MAX; attempt += 1) {
      const again = journal.note(facts);
      await perform(client, again);
      if (conclusiveAnswer(again)) break;
    }
  }
  client.close();
}

/** Holds database and process against the journal; the model that follows from it is what the next round begins with. */
async function checkAll(lane: Lane, round: number, running: Running): Promise<Model> {
  const { journal, data, uses } = lane;
  const { entries } = journal;
  const view = await readDatabase(data);
  const verdicts = await askAbout(lane, valuesToAsk(lane, round, replay(entries, view).model), running);
  const replayed = check({ entries, view, verdicts, uses: uses.uses });
  report(lane, round, replayed.findings);
  lane.view = view;
  lane.replayed = replayed;
  lane.verdicts += verdicts.length;
  return replayed.model;
}

function valuesToAsk({ journal, random }: Lane, round: number, { accounts, tokens }: Model): readonly ValueModel[] {
  const ids = journal.entries.filter((entry) => entry.round === round).flatMap(accountsOf);
  const touched = [...new Set(ids)].flatMap((id) => accounts.get(id)?.tokens ?? []);
  const all = [...tokens.values()];
  const sample = all.length === 0 ? [] : Array.from({ length: SAMPLE }, () => random.pick(all));
  const values = [...new Set([...touched, ...sample])].flatMap((token) => token.values);
  return values.filter(({ value }) => value !== null);
}

function accountsOf({ intent, answer }: Entry): readonly string[] {
  if ('accountId' in intent) return [intent.accountId];
  return answer?.accountId ? [answer.accountId] : [];
}

async function askAbout(
  { data, random, uses }: Lane,
  values: readonly ValueModel[],
  { urls }: Running,
): Promise<Verdict[]> {
  const clients = urls.map((url) => createHttpClient(url, data.adminToken));
  const verdicts: Verdict[] = [];
  const left = values.values();
  const ask = async (): Promise<void> => {
    for (const value of left) {
      const verdict = await verify(random.pick(clients), value, random, uses);
      if (verdict) verdicts.push(verdict);
    }
  };
  await Promise.all([ask(), ask(), ask(), ask()]);
  for (const client of clients) client.close();
  return verdicts;
}

function report({ findings }: Lane, round: number, found: readonly Finding[]): void {
  findings.push(...found.map((finding) => ({ ...finding, round })));
}

async function keepEvidence({ data, journal, view }: Lane): Promise<void> {
  await writeFile(join(data.directory, 'journal.json'), JSON.stringify(journal.entries, null, 2), { mode: 0o600 });
  const { calls, ...rows } = view ?? { calls: new Map() };
  await writeFile(join(data.directory, 'database.json'), JSON.stringify({ ...rows, calls: [...calls] }, null, 2));
}
