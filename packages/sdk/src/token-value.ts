/** What a token value prints as, everywhere. */
const REDACTED = '[redacted]';

/**
 * A token value that does not leak by being printed: logged, put into a string or into JSON it is `[redacted]`.
 * `reveal()` gives the text, for the one place that stores it.
 */
export interface TokenValue {
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

/** Wraps the text of a token value. */
export function tokenValue(text: string): TokenValue {
  const redacted = () => REDACTED;
  // The text lives in this closure alone, so that no inspection of the object finds it.
  return Object.freeze({
    reveal: () => text,
    toString: redacted,
    toJSON: redacted,
    [Symbol.toPrimitive]: redacted,
    [Symbol.for('nodejs.util.inspect.custom')]: redacted,
    [Symbol.for('Deno.customInspect')]: redacted,
  });
}

/** The text, of a wrapped value or of a plain one. */
export function revealed(value: TokenValue | string): string {
  return typeof value === 'string' ? value : value.reveal();
}
