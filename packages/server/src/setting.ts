import type { BlockList } from 'node:net';
import { resolve } from 'node:path';
import type { SecretKey, TokenValue } from '@postern/core';
import type { LogLevel } from './log.ts';
import { findMisspelled } from './setting-spelling.ts';
import { DEFAULT_CACHE_BYTES, flagOf, SETTING_DESCRIPTIONS, SETTINGS, type Setting } from './setting-table.ts';
import { EXIT_CONFIG, StartError } from './start-error.ts';

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  /** undefined: `databaseUrl` is the database's own; null: nothing is listened to. */
  readonly databaseListenUrl: string | null | undefined;
  readonly secretKey: SecretKey | undefined;
  readonly previousSecretKey: SecretKey | undefined;
  /** undefined: beside the embedded database; with PostgreSQL none. */
  readonly revocationJournal: string | undefined;
  readonly organization: string;
  readonly adminToken: TokenValue | undefined;
  /** undefined: no single sign-on. */
  readonly oidc: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string } | undefined;
  /** undefined: no mail. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  readonly adminEmail: string | undefined;
  readonly adminPassword: string | undefined;
  readonly publicUrl: string | undefined;
  readonly trustedProxies: BlockList | undefined;
  /** In lower case. */
  readonly forwardAuthHeader: string | undefined;
  /** undefined: no metrics. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: LogLevel;
  readonly workers: number;
  /** Of all workers together. */
  readonly cacheBytes: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of a process; flags win over the environment. Throws StartError naming all that are wrong, never their values. */
export function readSettings(flags: Environment, environment: Environment): Settings {
  const wrong: string[] = [];

  function read<Value>({ variable, expected, parse }: Setting<Value>): Value | undefined {
    const flag = flags[flagOf(variable)];
    // An empty variable is how a compose file says "not set".
    const text = flag ?? (environment[variable] === '' ? undefined : environment[variable]);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined)
      wrong.push(`${flag === undefined ? variable : `--${flagOf(variable)}`} must be ${expected}.`);
    return value;
  }

  const oidc = {
    issuer: read(SETTINGS.oidcIssuer),
    clientId: read(SETTINGS.oidcClientId),
    clientSecret: read(SETTINGS.oidcClientSecret),
  };
  const metricsPort = read(SETTINGS.metricsPort);
  const metricsHost = read(SETTINGS.metricsHost);
  const mail = { url: read(SETTINGS.smtpUrl), from: read(SETTINGS.mailFrom) };
  const settings: Settings = {
    mail: isWhole(mail) ? mail : undefined,
    oidc: isWhole(oidc) ? oidc : undefined,
    host: read(SETTINGS.host) ?? '127.0.0.1',
    port: read(SETTINGS.port) ?? 7070,
    dataDir: read(SETTINGS.dataDir) ?? resolve('./postern-data'),
    databaseUrl: read(SETTINGS.databaseUrl),
    databaseListenUrl: read(SETTINGS.databaseListenUrl),
    secretKey: read(SETTINGS.secretKey),
    previousSecretKey: read(SETTINGS.previousSecretKey),
    revocationJournal: read(SETTINGS.revocationJournal),
    organization: read(SETTINGS.organization) ?? 'My organization',
    adminToken: read(SETTINGS.adminToken),
    adminEmail: read(SETTINGS.adminEmail),
    adminPassword: read(SETTINGS.adminPassword),
    publicUrl: read(SETTINGS.publicUrl),
    trustedProxies: read(SETTINGS.trustedProxies),
    forwardAuthHeader: read(SETTINGS.forwardAuthHeader),
    metrics: metricsPort === undefined ? undefined : { host: metricsHost ?? '127.0.0.1', port: metricsPort },
    logLevel: read(SETTINGS.logLevel) ?? 'info',
    workers: read(SETTINGS.workers) ?? 1,
    cacheBytes: read(SETTINGS.cacheBytes) ?? DEFAULT_CACHE_BYTES,
  };
  if (settings.secretKey && settings.secretKey.kid === settings.previousSecretKey?.kid) {
    wrong.push('POSTERN_SECRET_KEY and POSTERN_SECRET_KEY_PREVIOUS must have different names before the colon.');
  }
  if (!settings.oidc && Object.values(oidc).some((value) => value !== undefined)) {
    wrong.push('POSTERN_OIDC_ISSUER, POSTERN_OIDC_CLIENT_ID and POSTERN_OIDC_CLIENT_SECRET must be set together.');
  }
  if ((mail.url === undefined) !== (mail.from === undefined)) {
    wrong.push('POSTERN_SMTP_URL and POSTERN_MAIL_FROM must be set together.');
  }
  if ((settings.adminEmail === undefined) !== (settings.adminPassword === undefined)) {
    wrong.push('POSTERN_ADMIN_EMAIL and POSTERN_ADMIN_PASSWORD must be set together.');
  }
  const known = SETTING_DESCRIPTIONS.map(({ variable }) => variable);
  wrong.push(...findMisspelled(Object.keys(environment), known));
  if (wrong.length > 0) throw new StartError(wrong.join('\n'), EXIT_CONFIG);
  return settings;
}

type Whole<Parts> = { readonly [Name in keyof Parts]: NonNullable<Parts[Name]> };

function isWhole<Parts extends object>(parts: Parts): parts is Parts & Whole<Parts> {
  return Object.values(parts).every((part) => part !== undefined);
}

/** Whether the environment asks for traces. */
export function wantsTracing(environment: Environment): boolean {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } =
    environment;
  if (OTEL_SDK_DISABLED?.toLowerCase() === 'true' || OTEL_TRACES_EXPORTER === 'none') return false;
  return Boolean(OTEL_EXPORTER_OTLP_ENDPOINT || OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}
