import type { Verification } from './openapi.gen.ts';
import type { VerifierAnswer, VerifierSource } from './verifier.ts';
import type { TokenFacts } from './verifier-memory.ts';
import { unavailable } from './verifier-unavailable.ts';
import type { UsedToken } from './verifier-usage.ts';

/** One answer of the server, as it was told and as it is told again. */
export interface Known {
  readonly told: VerifierAnswer;
  readonly remembered: VerifierAnswer;
  readonly used: UsedToken;
  readonly facts: TokenFacts;
}

/** Undefined for a token that is not valid. Throws `VerifierUnavailable` for what Postern does not answer. */
export function toKnown(verdict: Verification, permission: string | undefined): Known | undefined {
  if (verdict.active === false) return undefined;
  const { principal, organization, token, allowed, because = [], missing } = verdict;
  if (
    verdict.active !== true ||
    !principal ||
    !organization ||
    !token ||
    (permission !== undefined && allowed === undefined)
  )
    throw unavailable('What answered is not Postern.');
  const who = { principal, organization, token };
  const outcome = permission === undefined || allowed === true ? 'allowed' : 'denied';
  const answer = (source: VerifierSource): VerifierAnswer =>
    outcome === 'allowed' ? { outcome, ...who, because, source } : { outcome, ...who, missing, source };
  const remembered = deepFreeze(answer('memory'));
  return {
    told: deepFreeze(answer('server')),
    remembered,
    used: { tokenId: token.id, generation: token.generation, permission, outcome },
    facts: {
      tokenId: token.id,
      principalId: principal.id,
      networkRestricted: token.networkRestricted,
      validUntil: token.validUntil === null ? null : Date.parse(token.validUntil),
    },
  };
}

/** The same object answers many questions: nobody may change it. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
