import type { Page } from 'playwright-core';
import { numberedName } from '../testing/many-accounts.ts';
import { nameOf } from '../testing/many-of-each.ts';
import { ACCOUNTS, openLongListPage, quantile, trace } from './long-list-page.ts';

/**
 * How soon the console answers: what one does with it, in a real browser, with 10,000 service accounts and 100 of everything
 * else, once what it needs has been read. Each is done some times; the table says how long it took from the input to what is seen
 * of it (the browser's Event Timing, in steps of 8 ms: it also says what else the machine was doing), and the processor time
 * of the longest task, both in milliseconds. Loading what is not there yet is not in it.
 */

const ACCOUNT_COUNT = 10_000;
const EACH = 100;
const TIMES = 5;
/** What an answer may take to be felt as immediate. */
const IMMEDIATE_MS = 100;

/** Two frames: what was drawn has been measured. */
const DRAWN = 'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn, 50))))';
/** From now on, how long what is done takes until something of it is seen. */
const NOTE_INPUTS = `
  globalThis.inputs = [];
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries()) if (interactionId > 0) inputs.push(duration);
  }).observe({ type: 'event', durationThreshold: 16 });
`;

interface Interaction {
  readonly name: string;
  /** Where one is before it. */
  readonly from: (page: Page) => Promise<unknown>;
  readonly act: (page: Page) => Promise<unknown>;
  /** What is seen then. */
  readonly seen: (page: Page) => Promise<unknown>;
}

await using opened = await openLongListPage(ACCOUNT_COUNT, EACH);
const { page, session, many } = opened;

const dialog = (of: Page) => of.getByRole('dialog');
const press = (key: string) => (on: Page) => on.keyboard.press(key);
const click = (role: 'button' | 'link' | 'tab' | 'combobox', name: string) => (on: Page) =>
  on.getByRole(role, { name, exact: true }).click();
const heading = (name: string) => (of: Page) => of.getByRole('heading', { level: 1, name, exact: true }).waitFor();

async function toAccounts(of: Page): Promise<void> {
  await goTo(of, ACCOUNTS);
  await of.getByText('Load 50 more').waitFor();
}

const FIRST = numberedName(1);
const MOST_TOKENS = nameOf('account', 1);

const INTERACTIONS: readonly Interaction[] = [
  {
    name: 'open the dialog of a new account',
    from: toAccounts,
    act: click('button', 'Add service account'),
    seen: (of) => dialog(of).getByLabel('Display name').waitFor(),
  },
  {
    name: 'close it',
    from: async (of) => {
      await toAccounts(of);
      await click('button', 'Add service account')(of);
      await dialog(of).getByLabel('Display name').waitFor();
    },
    act: press('Escape'),
    seen: (of) => dialog(of).waitFor({ state: 'hidden' }),
  },
  {
    name: 'type in the search of the list',
    from: async (of) => {
      await toAccounts(of);
      await of.getByRole('searchbox', { name: 'Search' }).focus();
    },
    act: press('p'),
    seen: (of) => of.waitForURL(/search=p/),
  },
  {
    name: 'open the menu of a row',
    from: toAccounts,
    act: click('button', `Actions for ${FIRST}`),
    seen: (of) => of.getByRole('menuitem', { name: 'Edit' }).waitFor(),
  },
  {
    name: 'open a filter',
    from: toAccounts,
    act: click('combobox', 'Status'),
    seen: (of) => of.getByRole('option', { name: 'Disabled' }).waitFor(),
  },
  {
    name: 'open the palette',
    from: toAccounts,
    act: press('Control+k'),
    seen: (of) => of.getByRole('combobox', { name: 'Search or jump to' }).waitFor(),
  },
  {
    name: 'type in the palette',
    from: async (of) => {
      await toAccounts(of);
      await of.keyboard.press('Control+k');
      await of.getByRole('combobox', { name: 'Search or jump to' }).waitFor();
    },
    act: press('s'),
    seen: (of) => of.getByRole('option', { name: /^Service accounts/ }).waitFor(),
  },
  {
    name: 'switch to the tab of members',
    from: toAccounts,
    act: click('tab', 'Members'),
    seen: (of) => of.getByRole('button', { name: 'Invite members' }).waitFor(),
  },
  {
    name: 'switch to the tab of accounts',
    from: async (of) => {
      await toAccounts(of);
      await click('tab', 'Members')(of);
      await of.getByRole('button', { name: 'Invite members' }).waitFor();
    },
    act: click('tab', 'Service accounts'),
    seen: (of) => of.getByRole('link', { name: FIRST, exact: true }).waitFor(),
  },
  {
    name: 'open an account’s page',
    from: toAccounts,
    act: click('link', FIRST),
    seen: heading(FIRST),
  },
  {
    name: `open the page of one with ${EACH} tokens`,
    from: async (of) => {
      await goTo(of, `${ACCOUNTS}?search=${MOST_TOKENS}`);
      await of.getByRole('link', { name: MOST_TOKENS, exact: true }).waitFor();
    },
    act: click('link', MOST_TOKENS),
    seen: heading(MOST_TOKENS),
  },
  {
    name: 'add a token there',
    from: async (of) => {
      await goTo(of, `${ACCOUNTS}/${many?.account}`);
      await of
        .getByRole('button', { name: /^Refresh token/ })
        .first()
        .waitFor();
    },
    act: click('button', 'Add token'),
    seen: (of) => dialog(of).getByLabel('Name').waitFor(),
  },
  {
    name: 'go to the groups',
    from: toAccounts,
    act: click('link', 'Groups'),
    seen: heading('Groups'),
  },
  {
    name: 'go to the audit log',
    from: (of) => goTo(of, '/'),
    act: click('link', 'Audit log'),
    seen: heading('Audit log'),
  },
];

await page.evaluate(NOTE_INPUTS);
process.stdout.write(`${'ms'.padEnd(42)}seen after: median, longest   task: median, longest\n`);
let late = 0;
for (const { name, from, act, seen } of INTERACTIONS) {
  const inputs: number[] = [];
  const tasks: number[] = [];
  // The first time reads what the others have.
  for (let time = 0; time <= TIMES; time += 1) {
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    await from(page);
    await page.evaluate(DRAWN);
    await page.evaluate('inputs.length = 0');
    const traced = await trace(session, async () => {
      await act(page);
      await seen(page);
      await page.evaluate(DRAWN);
    });
    if (time === 0) continue;
    inputs.push(Math.max(0, ...(await page.evaluate<number[]>('inputs'))));
    tasks.push(Math.max(0, ...traced.tasks));
  }
  const figures = [quantile(inputs, 0.5), quantile(inputs, 1), quantile(tasks, 0.5), quantile(tasks, 1)];
  if (quantile(tasks, 0.5) > IMMEDIATE_MS) late += 1;
  process.stdout.write(`${name.padEnd(42)}${figures.map((figure) => figure.toFixed(0).padStart(8)).join('')}\n`);
}
process.stdout.write(`${late} of ${INTERACTIONS.length} take more than ${IMMEDIATE_MS} ms of processor time\n`);

/** Without loading the page anew: what has been read is there. */
async function goTo(of: Page, path: string): Promise<void> {
  await of.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`);
  await of.waitForURL(path);
}
