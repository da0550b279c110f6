import type { Call, CallOptions } from './call.ts';
import type { SignInOptions } from './openapi.gen.ts';

/**
 * What the pages of sign-in call. It works in a page of Postern itself only, by cookies; the documentation calls it "How
 * people sign in".
 */
export interface SignIn {
  /** How one can sign in here, besides e-mail and password. */
  options(options?: CallOptions): Promise<SignInOptions>;
  /** Whether that was all: with `next: 'totp'` a code is asked for, too. */
  withPassword(credentials: { email: string; password: string }, options?: CallOptions): Promise<SignInProgress>;
  /** The second step: a code of the authenticator app, or one of the backup codes, which each work once. */
  verifyCode(kind: 'totp' | 'backup_code', code: string, options?: CallOptions): Promise<SignInProgress>;
  /** Where the browser goes next, to sign in with a provider. */
  withProvider(
    input: { provider: string; returnTo?: string; errorTo?: string },
    options?: CallOptions,
  ): Promise<{ readonly url: string }>;
  signOut(options?: CallOptions): Promise<void>;
  /** All other sessions end. */
  changePassword(change: { currentPassword: string; newPassword: string }, options?: CallOptions): Promise<void>;
  /** Has a link mailed, if somebody signs in with this e-mail; the answer does not tell. Where there is mail only. */
  requestPasswordReset(email: string, options?: CallOptions): Promise<void>;
  /** `token` is what stands behind the # of the mailed link. All sessions end. */
  resetPassword(reset: { token: string; newPassword: string }, options?: CallOptions): Promise<void>;
  /** Begins a second step; it is asked for once `verifyCode` has seen a first code. */
  enableTwoStep(password: string, options?: CallOptions): Promise<TwoStepSecret>;
  disableTwoStep(password: string, options?: CallOptions): Promise<void>;
}

export type SignInProgress = { readonly signedIn: true } | { readonly signedIn: false; readonly next: 'totp' };

export interface TwoStepSecret {
  /** For an authenticator app (the otpauth URI of its Key Uri Format), shown as a QR code. */
  readonly totpUri: string;
  /** Each works once, in place of a code. */
  readonly backupCodes: readonly string[];
}

interface Operation<Body, Answer> {
  path: undefined;
  query: undefined;
  body: Body;
  answer: Answer;
}

const AT = '/api/v1/auth';

export interface SignInOperations {
  'POST /api/v1/auth/sign-in/email': Operation<{ email: string; password: string }, SignInProgress>;
  'POST /api/v1/auth/two-factor/verify-totp': Operation<{ code: string }, SignInProgress>;
  'POST /api/v1/auth/two-factor/verify-backup-code': Operation<{ code: string }, SignInProgress>;
  'POST /api/v1/auth/sign-in/social': Operation<
    { provider: string; returnTo?: string; errorTo?: string },
    { readonly url: string }
  >;
  'POST /api/v1/auth/sign-out': Operation<Record<string, never>, undefined>;
  'POST /api/v1/auth/change-password': Operation<{ currentPassword: string; newPassword: string }, undefined>;
  'POST /api/v1/auth/request-password-reset': Operation<{ email: string }, undefined>;
  'POST /api/v1/auth/reset-password': Operation<{ token: string; newPassword: string }, undefined>;
  'POST /api/v1/auth/two-factor/enable': Operation<{ password: string }, TwoStepSecret>;
  'POST /api/v1/auth/two-factor/disable': Operation<{ password: string }, undefined>;
}

export function signIn(call: Call): SignIn {
  return {
    async options(options) {
      return (await call('GET /api/v1/sign-in-options', {}, options)).body;
    },

    async withPassword(body, options) {
      return (await call(`POST ${AT}/sign-in/email`, { body }, options)).body;
    },

    async verifyCode(kind, code, options) {
      const name =
        kind === 'totp'
          ? (`POST ${AT}/two-factor/verify-totp` as const)
          : (`POST ${AT}/two-factor/verify-backup-code` as const);
      return (await call(name, { body: { code }, once: true }, options)).body;
    },

    async withProvider(body, options) {
      return (await call(`POST ${AT}/sign-in/social`, { body }, options)).body;
    },

    async signOut(options) {
      await call(`POST ${AT}/sign-out`, { body: {} }, options);
    },

    async changePassword(body, options) {
      await call(`POST ${AT}/change-password`, { body, once: true }, options);
    },

    async requestPasswordReset(email, options) {
      await call(`POST ${AT}/request-password-reset`, { body: { email } }, options);
    },

    async resetPassword(body, options) {
      await call(`POST ${AT}/reset-password`, { body, once: true }, options);
    },

    async enableTwoStep(password, options) {
      return (await call(`POST ${AT}/two-factor/enable`, { body: { password } }, options)).body;
    },

    async disableTwoStep(password, options) {
      await call(`POST ${AT}/two-factor/disable`, { body: { password } }, options);
    },
  };
}
