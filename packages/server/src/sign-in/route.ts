import { DomainError, invalidField } from '@postern/core';
import {
  type Body,
  onlyFields,
  parseGivenEmail,
  parseNewPassword,
  parsePassword,
  parsePath,
  parseShort,
} from './body.ts';
import type { SignInChange } from './event.ts';

/** One call that pages may make. There are no others: what the library can do beyond them has no address. */
export interface SignInRoute {
  readonly method: 'GET' | 'POST';
  /** Below SIGN_IN_PATH; both ours and the library's. A last part `:name` is a provider's. */
  readonly path: string;
  /** How it is called in events; absent where a refusal is no attempt to sign in. */
  readonly attempt?: 'password' | 'totp' | 'backup_code' | 'provider';
  /** What a person who is signed in changes here; a refusal leaves an event. */
  readonly change?: SignInChange;
  /** Something is guessed at here: attempts are counted per address, and per e-mail or person. */
  readonly guessed: boolean;
  /** What the library is sent. Throws `request.invalid`. */
  readonly parse: (body: Body, known: KnownProviders) => Body;
  /** Once it is done: what the page gets, as JSON. Undefined: nothing (204). */
  readonly answer: (said: Body) => Body | undefined;
  /** After it, only the session that it leaves behind is alive. */
  readonly endsOtherSessions?: boolean;
}

export interface KnownProviders {
  readonly providers: readonly string[];
}

const nothing = () => undefined;
const signedIn = () => ({ signedIn: true });

export const REQUEST_RESET_PATH = '/request-password-reset';
export const CALLBACK_PATH = '/callback/:name';

/** Where a provider's sign-in goes on that asks for a code; it leads to the same place in the end. */
export function secondStepPage(returnTo: string): string {
  return `/sign-in?${new URLSearchParams({ next: 'totp', to: returnTo })}`;
}

export const SIGN_IN_ROUTES: readonly SignInRoute[] = [
  {
    method: 'POST',
    path: '/sign-in/email',
    attempt: 'password',
    guessed: true,
    parse(body) {
      onlyFields(body, ['email', 'password']);
      return { email: parseGivenEmail(body['email']), password: parsePassword(body['password']) };
    },
    answer: (said) => (said['twoFactorRedirect'] ? { signedIn: false, next: 'totp' } : { signedIn: true }),
  },
  {
    method: 'POST',
    path: '/two-factor/verify-totp',
    attempt: 'totp',
    guessed: true,
    parse(body) {
      onlyFields(body, ['code']);
      return { code: parseShort(body['code'], '/code') };
    },
    answer: signedIn,
  },
  {
    method: 'POST',
    path: '/two-factor/verify-backup-code',
    attempt: 'backup_code',
    guessed: true,
    parse(body) {
      onlyFields(body, ['code']);
      return { code: parseShort(body['code'], '/code') };
    },
    answer: signedIn,
  },
  {
    method: 'POST',
    path: '/sign-in/social',
    guessed: false,
    parse(body, { providers }) {
      onlyFields(body, ['provider', 'returnTo', 'errorTo']);
      const provider = parseShort(body['provider'], '/provider');
      if (!providers.includes(provider)) throw invalidField('/provider', 'must be a provider of this server');
      return {
        provider,
        callbackURL: parsePath(body['returnTo'], '/returnTo'),
        errorCallbackURL: parsePath(body['errorTo'], '/errorTo'),
        disableRedirect: true,
      };
    },
    answer: (said) => ({ url: said['url'] }),
  },
  { method: 'GET', path: CALLBACK_PATH, attempt: 'provider', guessed: true, parse: (body) => body, answer: nothing },
  {
    method: 'POST',
    path: '/sign-out',
    guessed: false,
    parse(body) {
      onlyFields(body, []);
      return {};
    },
    answer: nothing,
  },
  {
    method: 'POST',
    path: REQUEST_RESET_PATH,
    guessed: true,
    parse(body) {
      onlyFields(body, ['email']);
      return { email: parseGivenEmail(body['email']) };
    },
    answer: nothing,
  },
  {
    method: 'POST',
    path: '/reset-password',
    guessed: true,
    parse(body) {
      onlyFields(body, ['token', 'newPassword']);
      return { token: parseShort(body['token'], '/token'), newPassword: parseNewPassword(body['newPassword']) };
    },
    answer: nothing,
    endsOtherSessions: true,
  },
  {
    method: 'POST',
    path: '/change-password',
    change: 'password_changed',
    guessed: true,
    parse(body) {
      onlyFields(body, ['currentPassword', 'newPassword']);
      return {
        currentPassword: parsePassword(body['currentPassword'], '/currentPassword'),
        newPassword: parseNewPassword(body['newPassword']),
        revokeOtherSessions: true,
      };
    },
    answer: nothing,
    endsOtherSessions: true,
  },
  {
    method: 'POST',
    path: '/two-factor/enable',
    change: 'totp_enabled',
    guessed: true,
    parse(body) {
      onlyFields(body, ['password']);
      return { password: parsePassword(body['password']), method: 'totp' };
    },
    answer: (said) => ({ totpUri: said['totpURI'], backupCodes: said['backupCodes'] }),
  },
  {
    method: 'POST',
    path: '/two-factor/disable',
    change: 'totp_disabled',
    guessed: true,
    parse(body) {
      onlyFields(body, ['password']);
      return { password: parsePassword(body['password']) };
    },
    answer: nothing,
  },
];

/** The route of a request, with the provider that its path names. Throws `route.not_found`. */
export function findRoute(
  method: string,
  path: string,
  { providers }: KnownProviders,
): { readonly route: SignInRoute; readonly provider?: string } {
  for (const route of SIGN_IN_ROUTES) {
    if (route.method !== method) continue;
    if (route.path === path) return { route };
    const [prefix] = route.path.split(':name');
    if (prefix === undefined || prefix === route.path || !path.startsWith(prefix)) continue;
    const provider = path.slice(prefix.length);
    if (providers.includes(provider)) return { route, provider };
  }
  throw new DomainError('route.not_found');
}
