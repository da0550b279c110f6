import { VerifierUnavailable } from './error.ts';

export function unavailable(reason: string): VerifierUnavailable {
  return new VerifierUnavailable(`Whether the token is valid cannot be found out. ${reason}`);
}
