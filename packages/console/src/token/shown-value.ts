import type { IssuedToken, Token } from '@postern/sdk';

/**
 * A value while its dialog is open. It is held in here and nowhere else: what still holds this when the dialog has closed (a
 * cache, a closure, a page that React keeps for the next one) holds nothing any more once `forget` was called.
 */
export interface ShownValue {
  readonly token: Token;
  /** Empty when it has been forgotten. */
  reveal(): string;
  forget(): void;
}

export function showOnce({ token, value }: IssuedToken): ShownValue {
  let text = value.reveal();
  return {
    token,
    reveal: () => text,
    forget() {
      text = '';
    },
  };
}
