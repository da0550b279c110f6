import { createHash } from 'node:crypto';
import { kyselyAdapter } from '@better-auth/kysely-adapter';
import { keyedHash, newId, type RandomBytes, type SecretKey, type SecretKeys } from '@postern/core';
import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { protectAdapter } from './adapter.ts';
import { ADDRESS_HEADER, SIGN_IN_PATH } from './address.ts';
import { currentCall } from './call.ts';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from './password.ts';
import { openidConnect, type SignInProvider } from './provider.ts';
import { secondStep } from './second-step.ts';

const SESSION_SECONDS = 7 * 24 * 3_600;
const RESET_SECONDS = 3_600;
const SECOND_STEP_SECONDS = 600;

/** How passwords are kept. */
export interface PasswordHash {
  hash(password: string): Promise<string>;
  verify(stored: { readonly hash: string; readonly password: string }): Promise<boolean>;
}

export interface LibraryOptions {
  readonly openDatabase: (onFailure: (error: unknown) => void) => Parameters<typeof kyselyAdapter>[0];
  readonly keys: SecretKeys;
  readonly random: RandomBytes;
  readonly publicUrl: string;
  readonly providers: readonly SignInProvider[];
  readonly sendReset: (
    user: { readonly id: string; readonly email: string; readonly name: string },
    token: string,
  ) => Promise<void>;
  /** Absent: the library's own, scrypt. */
  readonly passwords?: PasswordHash | undefined;
  readonly log: (level: 'warn' | 'error', message: string) => void;
}

/** The cookie that holds a session. With `__Host-` no other host, and no page without TLS, can have set it. */
export function sessionCookieName(publicUrl: string): string {
  return `${cookiePrefix(publicUrl)}postern_session`;
}

function cookiePrefix(publicUrl: string): string {
  return isSecure(publicUrl) ? '__Host-' : '';
}

function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith('https:');
}

/**
 * The sign-in library, set so that our promises hold. Whatever can be set is: of what is left out, the library takes some
 * from the environment, and some means something else under test.
 */
export function createLibrary(options: LibraryOptions) {
  const { keys, random, publicUrl, providers, sendReset, passwords, log } = options;
  const database = options.openDatabase((error) => {
    const call = currentCall();
    if (call) call.failure ??= error;
  });
  const clock = { now: () => Date.now() };
  const storageKey = keys.current.subkeys.session;
  return betterAuth({
    appName: 'Postern',
    baseURL: publicUrl,
    basePath: SIGN_IN_PATH,
    trustedOrigins: [],
    secret: toSecret(keys.current),
    secrets: [keys.current, ...(keys.previous ? [keys.previous] : [])].map((key) => ({
      version: toVersion(key),
      value: toSecret(key),
    })),
    database: (settings: BetterAuthOptions) =>
      protectAdapter(
        // The way that it writes SQLite (times as text, truth values as numbers) suits both engines.
        kyselyAdapter(database, { type: 'sqlite', transaction: false })(settings),
        (model, secret) => keyedHash(storageKey, 'stored', model, secret),
      ),
    user: {
      modelName: 'auth_user',
      fields: { emailVerified: 'email_verified', ...WRITTEN },
      changeEmail: { enabled: false },
      deleteUser: { enabled: false },
    },
    session: {
      modelName: 'auth_session',
      fields: {
        userId: 'user_id',
        token: 'token_digest',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        ...WRITTEN,
      },
      expiresIn: SESSION_SECONDS,
      // A session ends when it said it would: looking it up writes nothing.
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
    },
    account: {
      modelName: 'auth_account',
      fields: {
        userId: 'user_id',
        providerId: 'provider_id',
        accountId: 'account_id',
        password: 'password_hash',
        ...WRITTEN,
      },
      accountLinking: {
        enabled: true,
        // Nobody is trusted without a verified e-mail.
        trustedProviders: [],
        requireLocalEmailVerified: true,
        allowDifferentEmails: false,
        updateUserInfoOnLink: false,
      },
      updateAccountOnSignIn: false,
      storeAccountCookie: false,
      // Whoever starts to sign in writes nothing; the state is in an encrypted cookie.
      storeStateStrategy: 'cookie',
      skipStateCookieCheck: false,
    },
    verification: {
      modelName: 'auth_verification',
      fields: { identifier: 'identifier_digest', expiresAt: 'expires_at', ...WRITTEN },
      // The adapter hashes. The library's own hashing falls back to what was presented: the stored hash would open it.
      storeIdentifier: 'plain',
    },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      autoSignIn: false,
      requireEmailVerification: false,
      minPasswordLength: PASSWORD_MIN_LENGTH,
      maxPasswordLength: PASSWORD_MAX_LENGTH,
      resetPasswordTokenExpiresIn: RESET_SECONDS,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: ({ user, token }) => sendReset(user, token),
      ...(passwords && { password: passwords }),
    },
    plugins: [
      secondStep({
        issuer: 'Postern',
        twoFactorCookieMaxAge: SECOND_STEP_SECONDS,
        backupCodeOptions: { storeBackupCodes: 'encrypted' },
        schema: {
          user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
          twoFactor: {
            modelName: 'auth_two_factor',
            fields: {
              userId: 'user_id',
              backupCodes: 'backup_codes',
              failedVerificationCount: 'failed_verification_count',
              lockedUntil: 'locked_until',
            },
          },
        },
      }),
      ...(providers.length > 0 ? [openidConnect(providers)] : []),
    ],
    // Ours counts addresses and e-mails; the library's is for production only, and one for all.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: {
      level: 'warn',
      log: (level, message) => log(level === 'error' ? 'error' : 'warn', message),
    },
    // What it did not foresee comes out as it is, and not onto the console.
    onAPIError: { throw: true, errorURL: `${publicUrl}/` },
    advanced: {
      // Said, because the library switches both off under test.
      disableOriginCheck: false,
      disableCSRFCheck: false,
      // Would prefix names with `__Secure-`.
      useSecureCookies: false,
      cookiePrefix: `${cookiePrefix(publicUrl)}postern`,
      cookies: { session_token: { name: sessionCookieName(publicUrl) } },
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure(publicUrl) },
      crossSubDomainCookies: { enabled: false },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER], ipv6Subnet: 128 },
      trustedProxyHeaders: false,
      database: {
        validateSchema: false,
        joins: false,
        generateId: ({ model }) => {
          const kind = ID_KINDS.find((name) => name === model);
          return kind ? newId(kind, clock, random) : random(ID_BYTES).toString('base64url');
        },
      },
    },
  });
}

/** What has an id that people see. */
const ID_KINDS = ['user', 'session'] as const;
const ID_BYTES = 18;

const WRITTEN = { createdAt: 'created_at', updatedAt: 'updated_at' };

/** The library's own secret, under which it signs cookies and encrypts codes. */
function toSecret({ subkeys }: SecretKey): string {
  return keyedHash(subkeys.session, 'library');
}

/** The library names keys by numbers. */
function toVersion({ kid }: SecretKey): number {
  return createHash('sha256').update(kid).digest().readUInt32BE();
}
