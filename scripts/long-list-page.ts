import { Postern } from '@postern/sdk';
import type { CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../testing/browser.ts';
import { addManyAccounts } from '../testing/many-accounts.ts';
import { addManyOfEach, type ManyOfEach } from '../testing/many-of-each.ts';
import { startPostern } from '../testing/postern-process.ts';

/** The console with long lists in a real browser, to be measured: a server of its own, and an admin who is signed in. */

export const ACCOUNTS = '/settings/members/service-accounts';
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery';
const WIDE = { viewport: { width: 1280, height: 800 } };

export interface LongListPage extends AsyncDisposable {
  /** At the list of service accounts, whose first rows are there. */
  readonly page: Page;
  readonly session: CDPSession;
  readonly many: ManyOfEach | undefined;
}

/** With that many service accounts; and where `each` is given, with that many of each other thing that has a list. */
export async function openLongListPage(accounts: number, each?: number): Promise<LongListPage> {
  await using opening = new AsyncDisposableStack();
  const started = opening.use(
    await startPostern({
      env: { POSTERN_ADMIN_EMAIL: EMAIL, POSTERN_ADMIN_PASSWORD: PASSWORD, POSTERN_ORGANIZATION: 'Harbour' },
    }),
  );
  const postern = new Postern({ url: started.url, token: started.adminToken });
  const many = each === undefined ? undefined : await addManyOfEach(postern, each);
  const server = opening.use(await addManyAccounts(started, accounts));
  const browser = opening.use(await launchBrowser());
  const context = opening.use(await browser.newContext({ ...WIDE, baseURL: server.url }));
  await context.request.post('/api/v1/auth/sign-in/email', {
    headers: { origin: server.url },
    data: { email: EMAIL, password: PASSWORD },
  });
  const page = await context.newPage();
  await page.goto(ACCOUNTS);
  await page.getByText('Load 50 more').waitFor();
  const session = await context.newCDPSession(page);
  const open = opening.move();
  return { page, session, many, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

export interface Traced {
  /** Processor time of each task of the browser's trace, in milliseconds: what else the machine did is not in it. */
  readonly tasks: readonly number[];
  readonly seconds: number;
}

/** What the browser does until `act` is done. */
export async function trace(session: CDPSession, act: () => Promise<void>): Promise<Traced> {
  const tasks: number[] = [];
  const note = ({ value }: { value: readonly { name?: string; tdur?: number }[] }) => {
    for (const { name, tdur } of value) if (name === 'RunTask' && tdur !== undefined) tasks.push(tdur / 1_000);
  };
  session.on('Tracing.dataCollected', note);
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'] },
  });
  const since = performance.now();
  await act();
  const seconds = (performance.now() - since) / 1_000;
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  session.off('Tracing.dataCollected', note);
  return { tasks, seconds };
}

/** The value below which that part of them is; 0 where there is none. */
export function quantile(values: readonly number[], part: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) * part)] ?? 0;
}
