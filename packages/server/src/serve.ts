import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import {
  bootstrap,
  CLEANUP_EVERY_MS,
  createFirstMember,
  createVerificationCache,
  DomainError,
  openSetup,
  parseEmail,
  sweep,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { announce } from './announce.ts';
import { buildApp } from './app.ts';
import { createServer } from './assemble.ts';
import { createLog } from './log.ts';
import { createLogBuffer } from './log-buffer.ts';
import { createMail } from './mail.ts';
import { crashLoudly, createEnd, type Ending, endOnSignal } from './process-end.ts';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import type { Server } from './server.ts';
import { type Environment, readSettings, type Settings, wantsTracing } from './setting.ts';
import { setupLink } from './setup-link.ts';
import { StartError } from './start-error.ts';
import { supervise } from './supervise.ts';
import { flushUsage, flushUsageLast } from './usage-flush.ts';
import { holdDatabase, lockDatabase, openDatabase } from './wire.ts';
import { type Assignment, becomeWorker, isWorker, onEnd, resign, sayReady } from './worker.ts';

const STDERR = 2;
/** How the provider of single sign-on is called in addresses. */
const OIDC_NAME = 'sso';
/** How long answers that are under way may take once the process goes down; then connections are cut. */
const DRAIN_MS = 7_000;
/** How long a process that another one has replaced goes on answering. */
const SEND_AWAY_MS = 1_000;
/** How often connections are looked for that have got their last answer. */
const SWEEP_MS = 50;

export interface ServeOptions {
  /** Where the web console was built to; absent = none is served. */
  readonly consoleDirectory?: string | undefined;
}

/** The command: one process that answers, or one that starts and watches over several. Throws StartError. */
export async function serve(flags: Environment, options: ServeOptions = {}): Promise<void> {
  const read = () => readSettings(flags, readEnvironment());
  if (isWorker()) return work(read, options);
  const settings = read();
  if (settings.workers > 1) await supervise(settings, { readSettings: read });
  else await answer(settings, null, options);
}

async function work(read: () => Settings, options: ServeOptions): Promise<void> {
  try {
    await answer(read(), await becomeWorker(), options);
  } catch (error) {
    resign();
    throw error;
  }
}

/** What is said of a database that did not answer, or not whether it did what it was asked for. */
const LOST_DATABASE: ReadonlySet<string> = new Set(['storage.unavailable', 'outcome_unknown']);

/**
 * A process that answers: settings → keys → database → listen → first start; then until it is told to end. Resolves when it
 * is ready. Throws StartError, and leaves nothing open, when it cannot start.
 */
async function answer(settings: Settings, worker: Assignment | null, options: ServeOptions): Promise<void> {
  try {
    await becomeReady(settings, worker, options);
  } catch (error) {
    // The database was opened, and then did not answer.
    if (!(error instanceof DomainError) || !LOST_DATABASE.has(error.code)) throw error;
    throw new StartError(
      `The database stopped answering while Postern was starting: ${error.message}. Start Postern again once it answers.`,
    );
  }
}

async function becomeReady(
  settings: Settings,
  worker: Assignment | null,
  { consoleDirectory }: ServeOptions,
): Promise<void> {
  const buffer = createLogBuffer(STDERR, { shared: worker !== null });
  const plainLog = createLog(settings.logLevel, buffer, worker?.number);
  const { logger } = plainLog;
  crashLoudly(logger, buffer);
  if (!worker) surviveHangup(logger);
  // What was opened last is closed first.
  await using opening = new AsyncDisposableStack();
  opening.defer(worker ? holdDatabase(settings) : await lockDatabase(settings));
  const workers = worker?.of ?? 1;
  // Many files, which are loaded only where traces are asked for.
  const tracing = wantsTracing(process.env) ? (await import('./tracing.ts')).createTracing() : undefined;
  if (tracing) opening.defer(tracing.close);
  const log = tracing?.trace(plainLog) ?? plainLog;
  const keys = loadSecretKeys(settings, randomBytes);
  const cache = createVerificationCache(Math.floor(settings.cacheBytes / workers));
  // The library is loaded only where somebody reads.
  const reading = settings.metrics && (await import('./metrics.ts'));
  const metrics = reading?.createMetrics();
  const storage = await openDatabase(settings, cache, randomBytes, {
    worker: worker ?? undefined,
    onConfirmed: metrics?.onConfirmed,
  });
  opening.defer(() => storage.close());
  await checkSecretKeys(storage, keys);

  const state = { ready: false, url: settings.publicUrl ?? '' };
  const mail = settings.mail && createMail({ ...settings.mail, log: (reason) => noteMailFailure(logger, reason) });
  if (mail) opening.defer(mail.close);
  const server = createServer({
    sendMail: mail?.send ?? null,
    storage,
    cache,
    keys,
    random: randomBytes,
    log,
    issuer: () => state.url,
    isReady: () => state.ready,
    trustedProxies: settings.trustedProxies,
    workers,
    forwardAuthHeader: settings.forwardAuthHeader,
    providers: settings.oidc ? [{ name: OIDC_NAME, ...settings.oidc }] : [],
  });
  if (settings.metrics && reading && metrics) {
    metrics.watch(server, cache);
    const listening = await reading.listenForMetrics(metrics, settings.metrics, worker?.number);
    opening.defer(listening.close);
    logger.info({ url: listening.url }, 'metrics');
  }
  opening.defer(server.settleSignIn);
  opening.defer(() => flushUsageLast(server));
  opening.defer(flushUsage(server));
  opening.defer(sweepRegularly(server));
  const app = await buildApp(server, { consoleDirectory });
  opening.defer(() => drain(app));
  const url = await listen(app, settings);
  state.url ||= url;

  // Only now that nothing can keep it from being shown is a link made.
  const firstStart = await bootstrap(server, {
    organizationName: settings.organization,
    value: settings.adminToken ?? null,
  });
  await createAdmin(server, settings);
  const setup = (worker?.first ?? true) && (await openSetup(server));
  const link = setup ? setupLink(state.url, setup) : null;
  state.ready = true;
  const open = opening.move();
  const ending: Ending = {
    async end(why) {
      if (why === 'replaced') await sendAway(app);
      state.ready = false;
      await open.disposeAsync();
      logger.info('stopped');
      await buffer.flush();
    },
    logger,
    buffer,
  };
  if (worker) {
    onEnd(createEnd(ending));
    sayReady({ url, link });
  } else {
    endOnSignal(ending);
    announce(url, link);
  }
  logger.info({ url, engine: storage.engine, firstStart }, 'listening');
}

/** What replaces workers, where there are some, must not end the one process that there is. On a terminal it means that this is gone. */
function surviveHangup(logger: Logger): void {
  if (process.stdin.isTTY) return;
  process.on('SIGHUP', () => logger.warn('one process alone reads its settings anew by a restart only; it goes on'));
}

/** The first person, where the settings name one and nobody has been there yet. */
async function createAdmin(server: Server, { adminEmail, adminPassword }: Settings): Promise<void> {
  if (adminEmail === undefined || adminPassword === undefined) return;
  if ((await server.storage.findUnpeopledOrganization()) === undefined) return;
  const name = adminEmail.slice(0, adminEmail.indexOf('@'));
  const signIn = await server.signIn();
  requireSignInEmail(adminEmail);
  const user = await signIn?.prepareUser({ name, password: adminPassword });
  if (user) await createFirstMember(server, { ...user, email: adminEmail });
}

/** Whoever is there already is not looked at again, whatever the setting says. */
function requireSignInEmail(email: string): void {
  try {
    parseEmail(email, '');
  } catch {
    throw new StartError(
      'POSTERN_ADMIN_EMAIL is no e-mail address that people can sign in with here. Name another one.',
    );
  }
}

function noteMailFailure(logger: Logger, internal: string): void {
  logger.warn({ internal }, 'a mail was not sent');
}

/** The environment, with what a `.env` file in the working directory adds to it. */
export function readEnvironment(): Environment {
  return existsSync('.env') ? { ...parseEnv(readFileSync('.env', 'utf8')), ...process.env } : process.env;
}

async function listen(app: FastifyInstance, { host, port }: Settings): Promise<string> {
  try {
    // One address of a name: for all of `localhost`, Fastify makes servers of its own, which nobody here would drain.
    const { address } = await lookup(host, { order: 'ipv4first' });
    await app.listen({ host: address, port });
  } catch (error) {
    throw toListenError(error as NodeJS.ErrnoException, host, port);
  }
  const { address, family, port: taken } = app.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
}

function toListenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(`Port ${port} on ${host} is taken; set POSTERN_PORT to another one, or to 0 for any.`);
    case 'EACCES':
      return new StartError(`This user may not listen on port ${port}; set POSTERN_PORT to one above 1023.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartError(`${host} is not an address of this machine; set POSTERN_HOST.`);
    default:
      return error;
  }
}

/**
 * Each connection ends with its next answer, and the next one goes to another process. Whoever keeps a connection and is
 * silent for longer is cut off then, as every server may do with an idle one.
 */
async function sendAway(app: FastifyInstance): Promise<void> {
  endAfterAnswers(app);
  await wait(SEND_AWAY_MS);
}

function endAfterAnswers(app: FastifyInstance): void {
  app.plainConnections?.endAfterAnswers();
  app.server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
}

/** Takes no more connections, and waits for the answers that are under way, after which each connection ends. */
async function drain(app: FastifyInstance): Promise<void> {
  endAfterAnswers(app);
  const sweep = setInterval(() => {
    app.server.closeIdleConnections();
    app.plainConnections?.closeIdle();
  }, SWEEP_MS);
  const cut = setTimeout(() => {
    app.server.closeAllConnections();
    app.plainConnections?.closeAll();
  }, DRAIN_MS);
  await app.close();
  clearInterval(sweep);
  clearTimeout(cut);
}

/** Removes what is past its time; of all processes, one at a time does. */
function sweepRegularly({ storage, log: { logger } }: Server): () => void {
  const timer = setInterval(() => {
    sweep(storage, wait).catch((error: unknown) => {
      // The next sweep goes on where this one ended.
      logger.warn(
        { internal: error instanceof DomainError ? error.message : String(error) },
        'the sweep was broken off',
      );
    });
  }, CLEANUP_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
