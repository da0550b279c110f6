/**
 * A secret while something shows or uses it. It is held in here and nowhere else: what still holds this afterwards (a cache, a
 * closure, a page that React keeps for the next one) holds nothing any more once `forget` was called.
 */
export interface HeldSecret {
  /** Empty when it has been forgotten. */
  reveal(): string;
  forget(): void;
}

export function holdSecret(secret: string): HeldSecret {
  let text = secret;
  return {
    reveal: () => text,
    forget() {
      text = '';
    },
  };
}
