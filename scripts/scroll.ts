import type { CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../testing/browser.ts';
import { addManyAccounts } from '../testing/many-accounts.ts';
import { startPostern } from '../testing/postern-process.ts';

/**
 * How smoothly a long list scrolls: 10,000 service accounts (or as many as the argument says) in a real browser, first to the
 * end while they load, then by wheel down from the beginning. Prints how far apart frames were and, by the browser's trace, how
 * much processor time its tasks took, in milliseconds: the one also says what else the machine was doing. And how many rows are
 * in the page.
 */

const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery';
const WIDE = { viewport: { width: 1280, height: 800 } };
/** One turn of a wheel, in pixels, and the turns that are measured. */
const TURN_PX = 400;
const TURNS = 300;

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
await using started = await startPostern({
  env: { POSTERN_ADMIN_EMAIL: EMAIL, POSTERN_ADMIN_PASSWORD: PASSWORD, POSTERN_ORGANIZATION: 'Harbour' },
});
await using server = await addManyAccounts(started, count);
await using browser = await launchBrowser();
await using context = await browser.newContext({ ...WIDE, baseURL: server.url });
await context.request.post('/api/v1/auth/sign-in/email', {
  headers: { origin: server.url },
  data: { email: EMAIL, password: PASSWORD },
});
const page = await context.newPage();
await page.goto('/settings/members/service-accounts');
await page.getByText('Load 50 more').waitFor();
const session = await context.newCDPSession(page);

say(`loading ${count}`, await measure(page, session, () => loadAll(page)));
await page.evaluate('scrollTo(0, 0)');
await page.mouse.move(640, 400);
say('scrolling', await measure(page, session, () => turnWheel(page)));
const rows = await page.locator('tbody tr').count();
process.stdout.write(`${rows} rows in the page\n`);

interface Measured {
  readonly frames: readonly number[];
  readonly tasks: readonly number[];
  readonly seconds: number;
}

/** What the browser does until `act` is done. */
async function measure(page: Page, session: CDPSession, act: () => Promise<void>): Promise<Measured> {
  const tasks: number[] = [];
  const note = ({ value }: { value: readonly { name?: string; tdur?: number }[] }) => {
    for (const { name, tdur } of value) if (name === 'RunTask' && tdur !== undefined) tasks.push(tdur / 1_000);
  };
  session.on('Tracing.dataCollected', note);
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'] },
  });
  await page.evaluate(NOTE_FRAMES);
  const since = performance.now();
  await act();
  const seconds = (performance.now() - since) / 1_000;
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  session.off('Tracing.dataCollected', note);
  return { frames: await page.evaluate<number[]>('frames'), tasks, seconds };
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

function say(what: string, { frames, tasks, seconds }: Measured): void {
  const line = (name: string, values: readonly number[]) => {
    const sorted = values.toSorted((one, other) => one - other);
    const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1);
    return `${name} median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)}`;
  };
  process.stdout.write(`${what}: ${seconds.toFixed(1)} s; ${line('frames', frames)}; ${line('tasks', tasks)}\n`);
}
