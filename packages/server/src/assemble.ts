import type { BlockList } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import {
  createTokenCacheKey,
  createTokenVerifier,
  createUsageRecorder,
  newId,
  type RandomBytes,
  type SecretKeys,
  type Storage,
  type VerificationCache,
} from '@postern/core';
import { createClientAddress } from './client.ts';
import type { Log } from './log.ts';
import type { SendMail } from './mail.ts';
import { resetMail } from './mail-text.ts';
import type { Server } from './server.ts';
import type { PasswordHash } from './sign-in/library.ts';
import type { SignInProvider } from './sign-in/provider.ts';
import type { PeopleStorage, SendReset, SignIn } from './sign-in/sign-in.ts';
import { createSignInRecord } from './sign-in-record.ts';
import { createThrottle, shareOf, THROTTLE_LIMITS, type ThrottleLimits } from './throttle.ts';

export interface Parts {
  readonly storage: Storage & { readonly signIn?: PeopleStorage };
  /** The cache that the storage was opened with. */
  readonly cache: VerificationCache;
  readonly keys: SecretKeys;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly issuer: () => string;
  readonly isReady?: () => boolean;
  readonly trustedProxies?: BlockList | undefined;
  /** Another header that `/forward-auth` takes a token from, in lower case. */
  readonly forwardAuthHeader?: string | undefined;
  readonly throttle?: ThrottleLimits;
  /** How many processes share what may fail before it is throttled; absent = this one alone. */
  readonly workers?: number;
  readonly monotonic?: () => number;
  readonly providers?: readonly SignInProvider[];
  readonly sendMail?: SendMail | null;
  /** How passwords are hashed; absent = the library's way. */
  readonly passwords?: PasswordHash;
}

/** Puts together what routes work with. */
export function createServer(parts: Parts): Server {
  const { storage, cache, keys, random, log, issuer } = parts;
  const usage = createUsageRecorder({
    // The storage knows better under which name this process reports.
    now: () => storage.now(),
    newEventId: () => newId('audit_event', storage, random),
    pause: () => setImmediate(),
  });
  const verifier = createTokenVerifier({
    storage: storage.verification,
    cache,
    keys,
    now: () => storage.now(),
    cacheKey: createTokenCacheKey(random),
    onOldDigest: usage.redigest,
  });
  const { monotonic = () => performance.now(), sendMail = null, workers = 1 } = parts;
  let signIn: Promise<SignIn> | undefined;

  /** Made when it is first needed: its library takes a while to load, and only then is it known where this server listens. */
  async function openSignIn(): Promise<SignIn | null> {
    if (storage.signIn === undefined) return null;
    signIn ??= makeSignIn(storage.signIn).catch((error: unknown) => {
      // The next who needs it tries again.
      signIn = undefined;
      throw error;
    });
    return signIn;
  }

  async function makeSignIn(people: PeopleStorage): Promise<SignIn> {
    const { createSignIn } = await import('./sign-in/sign-in.ts');
    return createSignIn({
      storage: people,
      keys,
      random,
      monotonic,
      workers,
      publicUrl: issuer(),
      providers: parts.providers ?? [],
      sendReset: sendMail && sendResetBy(sendMail, issuer()),
      ...(parts.passwords && { passwords: parts.passwords }),
      record: createSignInRecord({ storage, random }),
      log: (level, message) => log.logger[level]({ internal: message }, 'sign-in'),
    });
  }

  return {
    storage,
    keys,
    random,
    providers: parts.providers ?? [],
    verifier,
    usage,
    throttle: createThrottle(monotonic, shareOf(parts.throttle ?? THROTTLE_LIMITS, workers)),
    clientAddress: createClientAddress(parts.trustedProxies),
    forwardAuthHeader: parts.forwardAuthHeader ?? null,
    log,
    issuer,
    signIn: openSignIn,
    settleSignIn: async () => (await signIn)?.settled(),
    sendMail,
    isReady: parts.isReady ?? (() => true),
  };
}

function sendResetBy(sendMail: SendMail, publicUrl: string): SendReset {
  return async ({ email }, token) => {
    await sendMail(resetMail(email, `${publicUrl}/reset-password#${token}`));
  };
}
