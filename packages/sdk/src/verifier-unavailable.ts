import { PosternError, VerifierUnavailable } from './error.ts';

export function unavailable(reason: string, options?: ErrorOptions): VerifierUnavailable {
  return new VerifierUnavailable(`Whether the token is valid cannot be found out. ${reason}`, options);
}

/** Of a call that failed. */
export function unavailableAfter(error: unknown, closing: AbortSignal): VerifierUnavailable {
  if (closing.aborted) return unavailable('The verifier is closed.');
  if (error instanceof PosternError) return unavailable(error.message);
  return unavailable('The token function failed.', { cause: error });
}
