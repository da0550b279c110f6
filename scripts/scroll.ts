import type { Page } from 'playwright-core';
import { openLongListPage, quantile, type Traced, trace } from './long-list-page.ts';

/**
 * How smoothly a long list scrolls: 10,000 service accounts (or as many as the argument says) in a real browser, first to the
 * end while they load, then by wheel down from the beginning. Prints how far apart frames were and, by the browser's trace, how
 * much processor time its tasks took, in milliseconds: the one also says what else the machine was doing. And how many rows are
 * in the page.
 */

/** One turn of a wheel, in pixels, and the turns that are measured. */
const TURN_PX = 400;
const TURNS = 300;
/** What a task may take without a frame being seen to be late. */
const LONG_MS = 50;

const NEXT_FRAME = 'new Promise(requestAnimationFrame)';
/** From now on, how far apart frames are. */
const NOTE_FRAMES = `
  globalThis.frames = [];
  let last = performance.now();
  requestAnimationFrame(function next(at) {
    frames.push(Math.max(0, at - last));
    last = at;
    requestAnimationFrame(next);
  });
`;

const count = Number(process.argv[2] ?? 10_000);
await using opened = await openLongListPage(count);
const { page, session } = opened;

await measure(`loading ${count}`, () => loadAll(page));
await page.evaluate('scrollTo(0, 0)');
await page.mouse.move(640, 400);
await measure('scrolling', () => turnWheel(page));
process.stdout.write(`${await page.locator('tbody[data-item]').count()} rows in the page\n`);

async function measure(what: string, act: () => Promise<void>): Promise<void> {
  await page.evaluate(NOTE_FRAMES);
  const traced = await trace(session, act);
  say(what, traced, await page.evaluate<number[]>('frames'));
}

async function loadAll(page: Page): Promise<void> {
  const more = page.getByRole('button', { name: /^Load/ });
  while ((await more.count()) > 0) {
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await page.evaluate(NEXT_FRAME);
  }
}

async function turnWheel(page: Page): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await page.mouse.wheel(0, TURN_PX);
    await page.evaluate(NEXT_FRAME);
  }
}

function say(what: string, { tasks, seconds }: Traced, frames: readonly number[]): void {
  const line = (name: string, values: readonly number[]) => {
    const at = (part: number) => quantile(values, part).toFixed(1);
    const long = values.filter((value) => value > LONG_MS).length;
    return `${name} median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)}, ${long} of ${values.length} over ${LONG_MS}`;
  };
  process.stdout.write(`${what}: ${seconds.toFixed(1)} s; ${line('frames', frames)}; ${line('tasks', tasks)}\n`);
}
