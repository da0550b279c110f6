/** What a secret prints as, everywhere. */
export const REDACTED = '[redacted]';

/** Text that must not be printed: logging it, turning it into a string or into JSON gives `[redacted]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Each call is a place where the secret may leave; there are few, and they are meant to be searched for. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  /** What console.log and util.inspect print. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
