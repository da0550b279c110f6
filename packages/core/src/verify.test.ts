import { randomBytes } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { tokenRecord } from '../test/record.ts';
import type { OrganizationId } from './id.ts';
import type { AdmittedToken } from './principal.ts';
import { generateSecretKey, parseSecretKey, type SecretKey } from './secret-key.ts';
import { createTokenCacheKey } from './token-digest.ts';
import { mintTokenValue } from './token-value.ts';
import { createVerificationCache, type VerificationCache } from './verification-cache.ts';
import { createTokenVerifier, type TokenVerifier } from './verify.ts';

const NOW = 1_000_000;
const text = mintTokenValue(randomBytes).reveal();
let now: number;
let trusted: boolean;
let cache: VerificationCache;
let verifier: TokenVerifier;

const record = tokenRecord({ token: { validUntil: NOW + 10 } });

beforeEach(() => {
  now = NOW;
  trusted = true;
  cache = createVerificationCache(1_000_000);
  verifier = createTokenVerifier({
    storage: { catchUp: () => trusted, holds: () => trusted, findRecord: () => record },
    cache,
    keys: { current: parseSecretKey(generateSecretKey('k', randomBytes)) as SecretKey },
    now: () => now,
    cacheKey: createTokenCacheKey(randomBytes),
    onOldDigest: () => undefined,
  });
});

function change(organizationId: string) {
  const subject = {
    organizationId: organizationId as OrganizationId,
    organizationPosition: 1,
    kind: 'service_account',
    subjectId: 'sa_9',
  } as const;
  cache.apply([{ position: 1, nonce: 'n', ...subject }]);
}

function admitted(): AdmittedToken {
  const verdict = verifier.verify(text, null);
  if (verdict instanceof Promise || verdict.outcome !== 'active') throw new Error('the token is not active');
  return verdict.record;
}

test('what was admitted is reaffirmed while nothing has changed', () => {
  const stamp = verifier.stamp();
  expect(verifier.reaffirm(admitted(), stamp, null)).toBe(true);
  change('org_2');
  expect(verifier.reaffirm(admitted(), stamp, null)).toBe(true);
});

test.each<[string, () => void]>([
  ['anything of its organization has changed', () => change('org_1')],
  ['memory was emptied', () => cache.clear()],
  [
    'memory is not to be trusted',
    () => {
      trusted = false;
    },
  ],
  [
    'it has expired',
    () => {
      now = NOW + 10;
    },
  ],
])('not once %s', (_, happens) => {
  const stamp = verifier.stamp();
  const before = admitted();
  happens();
  expect(verifier.reaffirm(before, stamp, null)).toBe(false);
});
