import { randomBytes } from 'node:crypto';
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
  sweep,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import { createServer } from './assemble.ts';
import { createLog } from './log.ts';
import { createLogBuffer, type LogBuffer } from './log-buffer.ts';
import { createMail } from './mail.ts';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import type { Server } from './server.ts';
import { type Environment, readSettings, type Settings, wantsTracing } from './setting.ts';
import { setupLink } from './setup-link.ts';
import { EXIT_FAILURE, StartError } from './start-error.ts';
import { lockDatabase, openDatabase } from './wire.ts';

const STDERR = 2;
/** How the provider of single sign-on is called in addresses. */
const OIDC_NAME = 'sso';
const USAGE_FLUSH_MS = 5_000;
/** How long answers that are under way may take once the process goes down; then connections are cut. */
const DRAIN_MS = 7_000;
/** How often connections are looked for that have got their last answer. */
const SWEEP_MS = 50;
/** When the process goes down in bad order. */
const END_LIMIT_MS = 10_000;

export interface ServeOptions {
  /** Where the web console was built to; absent = none is served. */
  readonly consoleDirectory?: string | undefined;
}

/**
 * The process: settings → keys → database → listen → first start; then until a signal ends it. Resolves when it is ready.
 * Throws StartError, and leaves nothing open, when it cannot start.
 */
export async function serve(flags: Environment, { consoleDirectory }: ServeOptions = {}): Promise<void> {
  const settings = readSettings(flags, readEnvironment());
  const buffer = createLogBuffer(STDERR);
  const plainLog = createLog(settings.logLevel, buffer);
  const { logger } = plainLog;
  crashLoudly(logger, buffer);
  // What was opened last is closed first.
  await using opening = new AsyncDisposableStack();
  opening.defer(await lockDatabase(settings));
  // Many files, which are loaded only where traces are asked for.
  const tracing = wantsTracing(process.env) ? (await import('./tracing.ts')).createTracing() : undefined;
  if (tracing) opening.defer(tracing.close);
  const log = tracing?.trace(plainLog) ?? plainLog;
  const keys = loadSecretKeys(settings, randomBytes);
  const cache = createVerificationCache(settings.cacheBytes);
  // The library is loaded only where somebody reads.
  const reading = settings.metrics && (await import('./metrics.ts'));
  const metrics = reading?.createMetrics();
  const storage = await openDatabase(settings, cache, randomBytes, { onConfirmed: metrics?.onConfirmed });
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
    providers: settings.oidc ? [{ name: OIDC_NAME, ...settings.oidc }] : [],
  });
  if (settings.metrics && reading && metrics) {
    metrics.watch(server, cache);
    const listening = await reading.listenForMetrics(metrics, settings.metrics);
    opening.defer(listening.close);
    logger.info({ url: listening.url }, 'metrics');
  }
  opening.defer(() => flushLast(server));
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
  const setup = await openSetup(server);
  state.ready = true;
  const open = opening.move();
  endOnSignal(
    async () => {
      state.ready = false;
      await open.disposeAsync();
      logger.info('stopped');
      await buffer.flush();
    },
    logger,
    buffer,
  );
  announce(url, setup && setupLink(state.url, setup));
  logger.info({ url, engine: storage.engine, firstStart }, 'listening');
}

/** The first person, where the settings name one and nobody has been there yet. */
async function createAdmin(server: Server, { adminEmail, adminPassword }: Settings): Promise<void> {
  if (adminEmail === undefined || adminPassword === undefined) return;
  if ((await server.storage.findUnpeopledOrganization()) === undefined) return;
  const name = adminEmail.slice(0, adminEmail.indexOf('@'));
  const signIn = await server.signIn();
  const user = await signIn?.prepareUser({ name, password: adminPassword });
  if (user) await createFirstMember(server, { ...user, email: adminEmail });
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
    await app.listen({ host, port });
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

/** Takes no more connections, and waits for the answers that are under way, after which each connection ends. */
async function drain(app: FastifyInstance): Promise<void> {
  app.server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  await app.close();
  clearInterval(sweep);
  clearTimeout(cut);
}

/** The first line says that it is ready; a link follows, for as long as nobody is there. */
function announce(url: string, link: string | undefined): void {
  const lines = [`Postern is listening on ${url}`];
  if (link) {
    lines.push(
      '',
      'Nobody is here yet. Open this link in a browser to become the admin; it works once, within an hour:',
      '',
      `  ${link}`,
      '',
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function flushUsage({ usage, storage, log: { logger } }: Server): () => void {
  const timer = setInterval(() => {
    usage.flush(storage).catch((error: unknown) => {
      // Kept for the next flush.
      logger.warn(
        { internal: error instanceof DomainError ? error.message : String(error) },
        'usage could not be written yet',
      );
    });
  }, USAGE_FLUSH_MS);
  timer.unref();
  return () => clearInterval(timer);
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

async function flushLast({ usage, storage, log: { logger } }: Server): Promise<void> {
  try {
    // One flush may be under way, without what came after it began.
    await usage.flush(storage);
    await usage.flush(storage);
  } catch (error) {
    logger.error({ internal: String(error), pending: usage.stats().pending }, 'the last use could not be written');
  }
}

/** The first signal ends the process in good order, at most 10 s later; the second at once. */
function endOnSignal(end: () => Promise<void>, logger: Logger, buffer: LogBuffer): void {
  let ending = false;

  function leave(code: number): never {
    buffer.flushSync();
    process.exit(code);
  }

  function onSignal(signal: NodeJS.Signals): void {
    if (ending) leave(EXIT_FAILURE);
    ending = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => leave(EXIT_FAILURE), END_LIMIT_MS).unref();
    end().then(
      () => leave(0),
      (error) => {
        logger.fatal({ internal: String(error) }, 'could not stop in good order');
        leave(EXIT_FAILURE);
      },
    );
  }

  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** What nobody expected ends the process: going on in an unknown state would be a guess. */
function crashLoudly(logger: Logger, buffer: LogBuffer): void {
  const crash = (error: unknown): void => {
    logger.fatal({ internal: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'crashed');
    buffer.flushSync();
    process.exit(EXIT_FAILURE);
  };
  process.on('unhandledRejection', crash);
  process.on('uncaughtException', crash);
}
