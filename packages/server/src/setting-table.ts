import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseDatabaseUrl, parseMailAddress, parseName, parseSecretKey, parseTokenValue } from '@postern/core';
import { LOG_LEVELS } from './log.ts';
import { attempt, parseHeaderName, parseNetworks, parseOrigin, parseShort, parseWhole } from './setting-text.ts';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from './sign-in/password.ts';

/** One setting: how it is written, and what it becomes. */
export interface Setting<Value> {
  /** The environment variable; the flag is made of it, unless the value is a secret. */
  readonly variable: `POSTERN_${string}`;
  /** As the documentation writes the default. */
  readonly otherwise: string;
  readonly description: string;
  /** What it must be, as it goes on after "must be". */
  readonly expected: string;
  /** Secrets are taken from the environment only: a command line can be read by everybody on the machine. */
  readonly secret?: boolean;
  /** Undefined when the text is not what is expected. */
  readonly parse: (text: string) => Value | undefined;
}

export const DEFAULT_CACHE_BYTES = 640 * 1024 * 1024;
const CACHE_BYTES_MIN = 1024 * 1024;
const WORKERS_MAX = 64;

export const SETTINGS = {
  host: setting({
    variable: 'POSTERN_HOST',
    otherwise: '127.0.0.1',
    description: 'The address to listen on.',
    expected: 'an address or host name of this machine',
    parse: (text) => (/^[A-Za-z0-9.:_-]+$/.test(text) ? text : undefined),
  }),
  port: setting({
    variable: 'POSTERN_PORT',
    otherwise: '7070',
    description: 'The port to listen on; 0 picks a free one and prints it.',
    expected:
      'a whole number from 0 to 65535 (Kubernetes sets this variable by itself beside a service named "postern": set ' +
      '`enableServiceLinks: false` there)',
    parse: (text) => parseWhole(text, 0, 65_535),
  }),
  dataDir: setting({
    variable: 'POSTERN_DATA_DIR',
    otherwise: './postern-data',
    description: 'The directory of the embedded database and of its secret key. Not used with PostgreSQL.',
    expected: 'a path',
    parse: (text) => resolve(text),
  }),
  databaseUrl: setting({
    variable: 'POSTERN_DATABASE_URL',
    otherwise: 'the embedded database in the data directory',
    description:
      'A PostgreSQL database. With standbys, all servers, separated by commas: the one that takes writes is found, again after a failover.',
    expected:
      'an address like postgres://user:password@host:5432/database, or with several hosts, host-1:5432,host-2:5432; ' +
      'of target_session_attrs only read-write and primary',
    secret: true,
    parse: (text) => parseDatabaseUrl(text) && text,
  }),
  databaseListenUrl: setting({
    variable: 'POSTERN_DATABASE_LISTEN_URL',
    otherwise: 'POSTERN_DATABASE_URL is the database itself',
    description:
      'Where POSTERN_DATABASE_URL is a pooler (PgBouncer) in transaction mode: the address of the database itself, for one ' +
      'connection that listens to changes; `none` = without notifications: the change log is looked at 20 times a second.',
    expected: '`none`, or an address like postgres://user:password@host:5432/database',
    secret: true,
    parse: (text) => (text === 'none' ? null : parseDatabaseUrl(text) && text),
  }),
  secretKey: setting({
    variable: 'POSTERN_SECRET_KEY',
    otherwise: 'generated into a new data directory; required with POSTERN_DATABASE_URL',
    description: 'The key under which token values are stored. A copy of the database is worthless without it.',
    expected: 'a key like name:base64url of 32 random bytes',
    secret: true,
    parse: parseSecretKey,
  }),
  previousSecretKey: setting({
    variable: 'POSTERN_SECRET_KEY_PREVIOUS',
    otherwise: 'none',
    description:
      'The key before the current one, while values stored under it are still in use (`postern key status`).',
    expected: 'a key like name:base64url of 32 random bytes',
    secret: true,
    parse: parseSecretKey,
  }),
  revocationJournal: setting({
    variable: 'POSTERN_REVOCATION_JOURNAL',
    otherwise: 'the directory `revocations` in the data directory; with PostgreSQL none',
    description:
      'The directory of the journal that tells a restored backup what was revoked since. Better on another disk than the database.',
    expected: 'a path',
    parse: (text) => resolve(text),
  }),
  organization: setting({
    variable: 'POSTERN_ORGANIZATION',
    otherwise: 'My organization',
    description: 'The name of the organization that the first start makes.',
    expected: 'a name of 1 to 200 characters, without control characters',
    parse: (text) => attempt(() => parseName(text, '')),
  }),
  adminToken: setting({
    variable: 'POSTERN_ADMIN_TOKEN',
    otherwise: 'the first start makes no account, and prints a link for the first person',
    description:
      'The value of the first admin token, of the service account `bootstrap`. Used by the first start only: later starts never bring it back.',
    expected: 'a whole token value: `postern token generate` prints one',
    secret: true,
    parse: parseTokenValue,
  }),
  adminEmail: setting({
    variable: 'POSTERN_ADMIN_EMAIL',
    otherwise: 'the first person comes in by the link that the first start prints, or is invited',
    description: 'The e-mail of the first person, an admin. Used by the first start only, with POSTERN_ADMIN_PASSWORD.',
    expected: 'an e-mail address',
    parse: (text) => attempt(() => parseMailAddress(text, '')),
  }),
  adminPassword: setting({
    variable: 'POSTERN_ADMIN_PASSWORD',
    otherwise: 'none',
    description: 'The password of the first person. Used by the first start only.',
    expected: `a password of ${PASSWORD_MIN_LENGTH} to ${PASSWORD_MAX_LENGTH} characters`,
    secret: true,
    parse: (text) => (text.length >= PASSWORD_MIN_LENGTH && text.length <= PASSWORD_MAX_LENGTH ? text : undefined),
  }),
  oidcIssuer: setting({
    variable: 'POSTERN_OIDC_ISSUER',
    otherwise: 'no single sign-on',
    description: 'An OpenID Connect provider that members may sign in with, by its issuer.',
    expected: 'an address like https://login.example.com',
    parse: (text) => (/^https?:\/\//.test(text) && URL.canParse(text) ? text : undefined),
  }),
  oidcClientId: setting({
    variable: 'POSTERN_OIDC_CLIENT_ID',
    otherwise: 'none',
    description: 'The client that the provider knows this server as.',
    expected: 'a text of 1 to 200 characters',
    parse: parseShort,
  }),
  oidcClientSecret: setting({
    variable: 'POSTERN_OIDC_CLIENT_SECRET',
    otherwise: 'none',
    description: 'The secret of that client.',
    expected: 'a text of 1 to 200 characters',
    secret: true,
    parse: parseShort,
  }),
  smtpUrl: setting({
    variable: 'POSTERN_SMTP_URL',
    otherwise: 'no mail: links are shown to whoever invites, and passwords are reset by the operator',
    description: 'The mail server that sends invitations and password resets.',
    expected: 'an address like smtps://user:password@mail.example.com, or smtp:// for STARTTLS',
    secret: true,
    parse: (text) => (/^smtps?:\/\/[^/]/.test(text) && URL.canParse(text) ? text : undefined),
  }),
  mailFrom: setting({
    variable: 'POSTERN_MAIL_FROM',
    otherwise: 'none',
    description: 'Whom mails come from. Needed with POSTERN_SMTP_URL.',
    expected: 'an e-mail address',
    parse: (text) => attempt(() => parseMailAddress(text, '')),
  }),
  publicUrl: setting({
    variable: 'POSTERN_PUBLIC_URL',
    otherwise: 'the address that it listens on',
    description:
      'The address that callers know this server by; the issuer of introspection answers and OAuth metadata.',
    expected: 'an address like https://postern.example.com, without a path',
    parse: parseOrigin,
  }),
  trustedProxies: setting({
    variable: 'POSTERN_TRUSTED_PROXIES',
    otherwise: 'none',
    description: 'Proxies whose `X-Forwarded-For` is believed: addresses and networks, separated by commas.',
    expected: 'addresses or networks like 10.0.0.0/8, separated by commas',
    parse: parseNetworks,
  }),
  forwardAuthHeader: setting({
    variable: 'POSTERN_FORWARD_AUTH_HEADER',
    otherwise: 'none: `Authorization: Bearer` only',
    description:
      'Another header that `/forward-auth` takes a token from, such as `X-Api-Key`; it holds the value alone.',
    expected: 'the name of a header that nothing else uses, like X-Api-Key',
    parse: parseHeaderName,
  }),
  metricsPort: setting({
    variable: 'POSTERN_METRICS_PORT',
    otherwise: 'no metrics',
    description:
      'The port that Prometheus reads `/metrics` from, without a credential; 0 picks a free one and logs it. The second worker is read at the next port, and so on. It names no organization.',
    expected: 'a whole number from 0 to 65535',
    parse: (text) => parseWhole(text, 0, 65_535),
  }),
  metricsHost: setting({
    variable: 'POSTERN_METRICS_HOST',
    otherwise: '127.0.0.1',
    description: 'The address that metrics are read at. Let only those reach it who may know how much is called.',
    expected: 'an address or host name of this machine',
    parse: (text) => (/^[A-Za-z0-9.:_-]+$/.test(text) ? text : undefined),
  }),
  logLevel: setting({
    variable: 'POSTERN_LOG_LEVEL',
    otherwise: 'info',
    description: `What is logged: ${LOG_LEVELS.join(', ')}. \`info\` has one line for each request.`,
    expected: `one of ${LOG_LEVELS.join(', ')}`,
    parse: (text) => LOG_LEVELS.find((level) => level === text),
  }),
  workers: setting({
    variable: 'POSTERN_WORKERS',
    otherwise: '1',
    description:
      'How many processes answer, on one port; `auto` is one for each processor. With more than one, SIGHUP replaces them one by one, with the settings as they are then; one alone reads them by a restart only.',
    expected: `a whole number from 1 to ${WORKERS_MAX}, or auto`,
    parse: (text) =>
      text === 'auto' ? Math.min(availableParallelism(), WORKERS_MAX) : parseWhole(text, 1, WORKERS_MAX),
  }),
  cacheBytes: setting({
    variable: 'POSTERN_CACHE_BYTES',
    otherwise: `${DEFAULT_CACHE_BYTES} (640 MiB)`,
    description:
      'How much memory the verification caches of all workers together may take. What does not fit costs one indexed read. `0` = every verification ' +
      'reads the database: for a virtual machine that may be suspended with all its clocks.',
    expected: `0, or a whole number of bytes of at least ${CACHE_BYTES_MIN}`,
    parse: (text) => (text === '0' ? 0 : parseWhole(text, CACHE_BYTES_MIN, Number.MAX_SAFE_INTEGER)),
  }),
};

/** A setting as its reader needs to know it. */
export interface SettingDescription {
  readonly variable: string;
  /** Without the dashes in front; undefined where the value is a secret. */
  readonly flag: string | undefined;
  readonly otherwise: string;
  readonly description: string;
}

export const SETTING_DESCRIPTIONS: readonly SettingDescription[] = Object.values(SETTINGS).map(
  ({ variable, otherwise, description, secret }) => ({
    variable,
    flag: secret ? undefined : flagOf(variable),
    otherwise,
    description,
  }),
);

export function flagOf(variable: string): string {
  return variable.slice('POSTERN_'.length).toLowerCase().replaceAll('_', '-');
}

function setting<Value>(entry: Setting<Value>): Setting<Value> {
  return entry;
}
