import type { BlockList } from 'node:net';
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
import type { Server } from './server.ts';
import { createThrottle, type ThrottleLimits } from './throttle.ts';

export interface Parts {
  readonly storage: Storage;
  /** The cache that the storage was opened with. */
  readonly cache: VerificationCache;
  readonly keys: SecretKeys;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly issuer: () => string;
  readonly isReady?: () => boolean;
  readonly trustedProxies?: BlockList | undefined;
  readonly throttle?: ThrottleLimits;
  readonly monotonic?: () => number;
}

/** Puts together what routes work with. */
export function createServer(parts: Parts): Server {
  const { storage, cache, keys, random, log, issuer } = parts;
  const usage = createUsageRecorder({
    // The storage knows better under which name this process reports.
    now: () => storage.now(),
    newEventId: () => newId('audit_event', storage, random),
  });
  const verifier = createTokenVerifier({
    storage: storage.verification,
    cache,
    keys,
    now: () => storage.now(),
    cacheKey: createTokenCacheKey(random),
    onOldDigest: usage.redigest,
  });
  return {
    storage,
    keys,
    random,
    verifier,
    usage,
    throttle: createThrottle(parts.monotonic ?? (() => performance.now()), parts.throttle),
    clientAddress: createClientAddress(parts.trustedProxies),
    log,
    issuer,
    isReady: parts.isReady ?? (() => true),
  };
}
