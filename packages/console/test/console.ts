import { Postern } from '@postern/sdk';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { inject } from 'vitest';
import { launchBrowser } from '../../../testing/browser.ts';
import {
  createPosternData,
  type Postern as Process,
  removePosternData,
  startPosternOn,
} from '../../../testing/postern-process.ts';
import { createDatabase, type Database } from '../../../testing/postgres.ts';
import { parseArguments } from '../../cli/src/arguments.ts';
import { findCommand } from '../../cli/src/command-table.ts';

/** The console as an admin has it: a real server on a database of its own, and a real browser. */

export const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery';
/** How long a person waits for anything. */
const PATIENCE_MS = 15_000;

export interface Person {
  readonly email: string;
  readonly password: string;
}

export interface Console extends AsyncDisposable {
  readonly server: Process;
  readonly browser: Browser;
  /** The API, as an admin. */
  readonly postern: Postern;
  /** Another browser window with nobody signed in. What goes wrong in its pages is noted in `trouble`. */
  openContext(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** A page of an admin who has signed in by hand, in a window of its own. */
  signIn(options?: BrowserContextOptions): Promise<Page>;
  /**
   * A page at this address, of an admin (or another person) who is signed in already. Such pages share a window, so that
   * the console's files are read once; whoever changes cookies takes a window of their own.
   */
  open(path: string, person?: Person): Promise<Page>;
  /** Violations of the policy, scripts that failed, and requests to anywhere else. */
  readonly trouble: string[];
}

export async function openConsole(engine: 'sqlite' | 'postgres' = 'sqlite'): Promise<Console> {
  await using opening = new AsyncDisposableStack();
  let database: Database | undefined;
  if (engine === 'postgres') {
    database = await createDatabase(inject('postgresUrl'));
    opening.defer(() => database?.drop());
  }
  const data = await createPosternData(database?.url);
  opening.defer(() => removePosternData(data));
  const server = await startPosternOn(data, {
    env: { POSTERN_ADMIN_EMAIL: EMAIL, POSTERN_ADMIN_PASSWORD: PASSWORD, POSTERN_ORGANIZATION: 'Harbour' },
  });
  opening.defer(() => server.kill());
  const browser = opening.use(await launchBrowser());
  const trouble: string[] = [];

  async function openContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await browser.newContext({
      baseURL: server.url,
      locale: 'en-GB',
      reducedMotion: 'reduce',
      ...options,
    });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    context.setDefaultTimeout(PATIENCE_MS);
    context.on('weberror', (error) => trouble.push(`script: ${error.error().message}`));
    context.on('console', (message) => {
      const text = message.text();
      if (/Content.Security.Policy|Refused to/i.test(text)) trouble.push(`policy: ${text}`);
      // An answer that is not 2xx is said there, too; some are what a test is about.
      else if (message.type() === 'error' && !text.startsWith('Failed to load resource'))
        trouble.push(`script: ${text}`);
    });
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== server.url) trouble.push(`foreign: ${request.url()}`);
    });
    return context;
  }

  /** Windows by who is signed in there. */
  const windows = new Map<string, Promise<BrowserContext>>();

  async function openWindow({ email, password }: Person): Promise<BrowserContext> {
    const context = await openContext();
    const answer = await context.request.post(`${server.url}/api/v1/auth/sign-in/email`, {
      headers: { origin: server.url },
      data: { email, password },
    });
    if (!answer.ok()) throw new Error(`${email} was not signed in: ${answer.status()} ${await answer.text()}`);
    return context;
  }

  const open = opening.move();
  return {
    server,
    browser,
    trouble,
    postern: new Postern({ url: server.url, token: server.adminToken }),
    openContext,
    async open(path, person = { email: EMAIL, password: PASSWORD }) {
      const window = windows.get(person.email) ?? openWindow(person);
      windows.set(person.email, window);
      const page = await (await window).newPage();
      await page.goto(path);
      return page;
    },
    async signIn(options) {
      const context = await openContext(options);
      const page = await context.newPage();
      await page.goto('/sign-in');
      await fillSignIn(page);
      await page.getByRole('button', { name: /^Account menu/ }).waitFor();
      return page;
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What stands over the page. */
export const dialog = (page: Page): Locator => page.getByRole('dialog');

/** From the menu of the row or page with that name. */
export async function choose(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: action }).click();
}

/** Somebody who was invited and has joined, as a member of the organization; their id. */
export async function joinByInvitation(console: Console, person: Person, name: string): Promise<string> {
  const [invited] = await console.postern.members.invite({ emails: [person.email] });
  await join(console, invited?.invitation?.link ?? '', person, name);
  return invited?.invitation?.member.id ?? '';
}

/** Joins by the link of an invitation. */
export async function join(
  { server }: Console,
  link: string,
  { email, password }: Person,
  name: string,
): Promise<void> {
  const answer = await fetch(`${server.url}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ invitation: new URL(link).hash.slice(1), name, password }),
  });
  if (!answer.ok) throw new Error(`${email} did not join: ${answer.status} ${await answer.text()}`);
}

export async function fillSignIn(page: Page, email = EMAIL, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** What a token is answered at `/me`: the status, as curl would see it. */
export async function statusOf({ server }: Console, value: string): Promise<number> {
  const { status } = await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${value}` } });
  return status;
}

/** The list of service accounts, reached as the page of instructions says. */
export async function openServiceAccounts(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account menu/ }).click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
  await page.getByRole('link', { name: 'Members', exact: true }).click();
  await page.getByRole('tab', { name: 'Service accounts' }).click();
}

/** What the dialog says that does the same from a terminal, opened by hand. */
export async function commandOf(dialog: Locator): Promise<string> {
  await dialog.getByText('Show as command').click();
  return (await dialog.locator('details[open] pre').textContent()) ?? '';
}

/** Why `postern` would not take a command that is shown; undefined: it would. */
export function refusalOf(shown: string): string | undefined {
  const [, text = ''] = /^postern (.*)$/.exec(shown) ?? [];
  const words = [...text.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const found = findCommand(words);
  if (!found) return 'there is no such command';
  try {
    parseArguments(found.name, found.command, words.slice(found.name.split(' ').length), []);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Until nothing is on its way any more. */
export async function settle(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
}

/** Whether the text is in any string of the page's heap, once what nobody holds any more has been collected. */
export async function isInHeap(page: Page, text: string): Promise<boolean> {
  const session = await page.context().newCDPSession(page);
  let found = false;
  /** Chunks end wherever they do: what may be the beginning of the text stays. */
  let rest = '';
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
    const read = rest + chunk;
    found ||= read.includes(text);
    rest = read.slice(-text.length);
  });
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  return found;
}
