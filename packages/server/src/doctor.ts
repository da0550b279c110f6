import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createVerificationCache, systemClock } from '@postern/core';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import { readEnvironment } from './serve.ts';
import { type Environment, readSettings, type Settings } from './setting.ts';
import { DatabaseOutdated, StartError } from './start-error.ts';
import { openDatabase, readSecretKeyUse, requireDatabase } from './wire.ts';

/** One thing that was looked at. */
export interface Diagnosis {
  readonly what: 'settings' | 'secret key' | 'database' | 'clock' | 'server' | 'public address' | 'proxies';
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do; null where there is nothing to do. */
  readonly advice: string | null;
}

const TIMEOUT_MS = 5_000;
/** Tokens expire by the database's time; people notice from about here. */
const SKEW_MAX_MS = 2_000;

/** Looks at a server from its own machine and changes nothing; it may be running or not. Never throws, never names a secret. */
export async function diagnose(flags: Environment): Promise<readonly Diagnosis[]> {
  let settings: Settings;
  try {
    settings = readSettings(flags, readEnvironment());
  } catch (error) {
    return [fail('settings', textOf(error), 'Correct them: `postern serve --help` explains each.')];
  }
  return [
    ok('settings', 'they can work together'),
    ...(await diagnoseDatabase(settings)),
    ...(await diagnoseServer(settings)),
    diagnoseProxies(settings),
  ];
}

async function diagnoseDatabase(settings: Settings): Promise<readonly Diagnosis[]> {
  const { databaseUrl, dataDir } = settings;
  try {
    requireDatabase(settings);
  } catch (error) {
    return [warn('database', textOf(error), '`postern serve` makes one at its first start; is this the right folder?')];
  }
  try {
    loadSecretKeys(settings, randomBytes);
  } catch (error) {
    return [fail('secret key', textOf(error), 'Give the server the key that the database was written with.')];
  }
  try {
    if (databaseUrl === undefined) {
      // Read beside a running server, which has the writing to itself.
      await readSecretKeyUse(settings, randomBytes);
      return [
        ok('secret key', 'it can be read'),
        ok('database', `embedded, in ${dataDir}`),
        ok('clock', 'the machine’s own'),
      ];
    }
    return await diagnosePostgres(settings);
  } catch (error) {
    if (error instanceof DatabaseOutdated) {
      return [warn('database', textOf(error), 'The start of a server brings it to its present form.')];
    }
    return [fail('database', textOf(error), 'Is the database up, and reachable with these settings?')];
  }
}

async function diagnosePostgres(settings: Settings): Promise<readonly Diagnosis[]> {
  const storage = await openDatabase(settings, createVerificationCache(0), randomBytes, { migrates: false });
  try {
    await checkSecretKeys(storage, loadSecretKeys(settings, randomBytes));
    await storage.ping();
    const skew = Math.abs(storage.now() - systemClock.now());
    return [
      ok('secret key', 'it is the one that the database was written with'),
      ok('database', 'PostgreSQL answers'),
      skew <= SKEW_MAX_MS
        ? ok('clock', `${skew} ms from the database’s`)
        : warn(
            'clock',
            `${skew} ms from the database’s, by which tokens expire`,
            'Synchronize the clocks of both machines (NTP).',
          ),
    ];
  } finally {
    await storage.close();
  }
}

async function diagnoseServer(settings: Settings): Promise<readonly Diagnosis[]> {
  const { host, port, publicUrl } = settings;
  const address = `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  const local =
    port === 0
      ? warn('server', 'its port is any free one', 'Set POSTERN_PORT to look at a running server.')
      : await askReadiness('server', address, 'Is `postern serve` running with these settings?');
  if (publicUrl === undefined) {
    const isLocal = host === '127.0.0.1' || host === '::1' || host === 'localhost';
    const advice = 'Set POSTERN_PUBLIC_URL to the address that callers use.';
    return [
      local,
      isLocal ? ok('public address', 'none: it is for this machine') : warn('public address', 'not set', advice),
    ];
  }
  const found = await askReadiness('public address', publicUrl, 'Look at DNS, certificate and proxy.');
  const isPlain = publicUrl.startsWith('http:') && found.state === 'ok';
  return [
    local,
    isPlain
      ? warn('public address', `${publicUrl} is not https`, 'Tokens can be read on the way: put TLS before it.')
      : found,
  ];
}

async function askReadiness(what: 'server' | 'public address', url: string, advice: string): Promise<Diagnosis> {
  try {
    const { status, body, skewMs } = await get(`${url}/readyz`);
    if (status === 200 && body === '{"status":"ready"}') {
      const isLate = skewMs !== null && skewMs > SKEW_MAX_MS + 1_000;
      return isLate
        ? warn(
            what,
            `${url} is ready, and its clock is ${skewMs} ms away from this one`,
            'Synchronize the clocks (NTP).',
          )
        : ok(what, `${url} is ready`);
    }
    if (status === 503)
      return fail(what, `${url} is not ready${reasonIn(body)}`, 'Its log says more; mostly the database is away.');
    return fail(what, `${url} answers ${status}, and not as Postern does`, 'Does the proxy pass everything on?');
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'no answer';
    return fail(what, `${url} cannot be reached (${code})`, advice);
  }
}

function reasonIn(body: string): string {
  const reason = /"reason":"([a-z_]+)"/.exec(body)?.[1];
  return reason === undefined ? '' : ` (${reason.replaceAll('_', ' ')})`;
}

function get(url: string): Promise<{ status: number; body: string; skewMs: number | null }> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const call = send(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        body = (body + chunk).slice(0, 1_000);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const date = Date.parse(answer.headers.date ?? '');
        resolve({
          status: answer.statusCode ?? 0,
          body,
          skewMs: Number.isNaN(date) ? null : Math.abs(date - systemClock.now()),
        });
      });
    });
    call.on('error', reject).end();
  });
}

/** Whether what restrictions and throttling go by is the caller's address, or the proxy's. */
function diagnoseProxies({ host, publicUrl, trustedProxies, forwardAuthHeader }: Settings): Diagnosis {
  const behindProxy = publicUrl?.startsWith('https:') === true;
  if (behindProxy && !trustedProxies) {
    return warn(
      'proxies',
      'TLS ends somewhere before this server, and no proxy is trusted',
      'Set POSTERN_TRUSTED_PROXIES to it, or every caller has its address: network restrictions and throttling go by that.',
    );
  }
  if (forwardAuthHeader !== undefined && !trustedProxies) {
    return warn(
      'proxies',
      'proxies ask at /forward-auth, as POSTERN_FORWARD_AUTH_HEADER says, and none is trusted',
      'Set POSTERN_TRUSTED_PROXIES to them, or every caller has their address: network restrictions and throttling go by that.',
    );
  }
  const isOpen = host === '0.0.0.0' || host === '::';
  if (trustedProxies && isOpen) {
    return warn(
      'proxies',
      '`X-Forwarded-For` is believed, and the server listens on every network',
      'Let only the proxies reach it: whoever else can connect from their networks can say any address.',
    );
  }
  return ok(
    'proxies',
    trustedProxies ? 'the trusted ones say where a call came from' : 'none; addresses are the connection’s',
  );
}

function ok(what: Diagnosis['what'], found: string): Diagnosis {
  return { what, state: 'ok', found, advice: null };
}

function warn(what: Diagnosis['what'], found: string, advice: string): Diagnosis {
  return { what, state: 'warn', found, advice };
}

function fail(what: Diagnosis['what'], found: string, advice: string): Diagnosis {
  return { what, state: 'fail', found, advice };
}

function textOf(error: unknown): string {
  if (error instanceof StartError) return error.message;
  return `it failed (${(error as { code?: string }).code ?? 'unknown reason'})`;
}
