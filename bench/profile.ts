import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CpuProfile, printProfile, summarizeProfile } from './cpu-profile.ts';
import type { LoadTool } from './load.ts';
import { warmUp } from './measure.ts';
import type { Route } from './request.ts';
import { FEW_VALUES, openSession } from './session.ts';
import { inSources } from './source-position.ts';
import { createMeasure } from './speed.ts';

const WARM_SECONDS = 3;
const SECONDS = 8;
const MOST = 15;
const SAMPLE_MICROSECONDS = 500;
/** `CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile`: thread 0 is the one that answers. */
const OF_ANSWERING_THREAD = /\.0\.\d+\.cpuprofile$/;

/** Where the time of verifications from memory goes, on the embedded database, as Markdown. Sampling makes them dearer. */
export async function profileVerify(tool: LoadTool, serverRunner: readonly string[]): Promise<string> {
  const session = await openSession({ size: FEW_VALUES, databaseUrl: undefined, serverRunner });
  try {
    const { directory } = session.data;
    const postern = await session.start({
      nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-interval=${SAMPLE_MICROSECONDS}`],
    });
    const subject = { session, route: session.routes[0] as Route, tokensFile: session.fewFile };
    await warmUp(subject, postern, FEW_VALUES);
    const measure = createMeasure(tool, subject);
    await measure([postern], WARM_SECONDS);
    const from = monotonicMicroseconds();
    const { perSecond, cost } = await measure([postern], SECONDS);
    const to = monotonicMicroseconds();
    await postern.stop();
    const name = (await readdir(directory)).find((file) => OF_ANSWERING_THREAD.test(file));
    if (name === undefined) throw new Error('the server left no profile');
    const profile = JSON.parse(await readFile(join(directory, name), 'utf8')) as CpuProfile;
    const root = new URL('..', import.meta.url).href;
    return [
      `\`${subject.route.method} ${subject.route.path}\`, ${Math.round(perSecond).toLocaleString('en-US')} requests/s, ` +
        `${cost.toFixed(1)} µs of processor time each with sampling and all threads; of the thread that answers:`,
      '',
      printProfile(summarizeProfile(inSources(profile), root, from, to), perSecond * SECONDS, MOST),
    ].join('\n');
  } finally {
    await session.remove();
  }
}

/** Of the clock that V8's samples have. */
function monotonicMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
