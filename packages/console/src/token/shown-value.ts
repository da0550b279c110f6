import type { IssuedToken, Token } from '@postern/sdk';
import { type HeldSecret, holdSecret } from '../part/held-secret.ts';

/** A value while its dialog is open. */
export interface ShownValue extends HeldSecret {
  readonly token: Token;
}

export function showOnce({ token, value }: IssuedToken): ShownValue {
  return { token, ...holdSecret(value.reveal()) };
}
