/**
 * What the load asked for and what it was told, noted by the load itself: the intent before the request is sent, the answer
 * after it came. It is the measure that the database is held against.
 */

/** One mutation, as it was meant. Times are milliseconds since the epoch. */
export type Intent =
  | { readonly kind: 'account.create'; readonly name: string }
  | { readonly kind: 'account.rename'; readonly accountId: string; readonly name: string }
  | { readonly kind: 'account.disable' | 'account.enable' | 'account.delete'; readonly accountId: string }
  | {
      readonly kind: 'token.create';
      readonly accountId: string;
      readonly name: string;
      readonly expiresAt: number | null;
    }
  | {
      readonly kind: 'token.refresh';
      readonly accountId: string;
      readonly tokenId: string;
      readonly expiresAt: number | null;
      readonly overlapSeconds: number;
    }
  | {
      readonly kind: 'token.rename';
      readonly accountId: string;
      readonly tokenId: string;
      readonly name: string;
    }
  | { readonly kind: 'token.end_overlap' | 'token.delete'; readonly accountId: string; readonly tokenId: string }
  | {
      /** A token ended by its own value: as the caller's own, or by RFC 7009. */
      readonly kind: 'token.give_up';
      readonly accountId: string;
      readonly tokenId: string;
      readonly value: string;
      readonly route: 'me' | 'oauth';
    }
  | { readonly kind: 'tokens.delete' | 'tokens.revoke'; readonly accountId: string };

export interface Entry {
  readonly number: number;
  readonly round: number;
  /** Which client of the load sent it. An account is one client's alone. */
  readonly client: number;
  /** Sent as User-Agent, and in no other request: by it the audit event is found even when no answer came. */
  readonly mark: string;
  readonly intent: Intent;
  readonly idempotencyKey: string | null;
  /** The number of the entry that this one repeats, under the same Idempotency-Key. */
  readonly retryOf: number | null;
  /** Entries of one race were under way at the same time; others of the same account never were. */
  readonly race: number | null;
  readonly sentAt: number;
  /** When the answer came, or the connection broke; null while it is under way. */
  endedAt: number | null;
  answer: Answer | null;
}

/** A whole answer, as it was received. */
export interface Answer {
  readonly at: number;
  readonly status: number;
  readonly code: string | null;
  readonly requestId: string;
  /** From the receipt. */
  readonly position: number | null;
  readonly accountId: string | null;
  readonly tokenId: string | null;
  readonly value: string | null;
}

export interface Journal {
  readonly entries: readonly Entry[];
  /** To be called before the request is sent. */
  note(entry: Omit<Entry, 'number' | 'mark' | 'sentAt' | 'endedAt' | 'answer'>): Entry;
}

export function createJournal(name: string): Journal {
  const entries: Entry[] = [];
  return {
    entries,
    note(facts) {
      const number = entries.length;
      const entry: Entry = {
        ...facts,
        number,
        mark: `${name}-${number}`,
        sentAt: Date.now(),
        endedAt: null,
        answer: null,
      };
      entries.push(entry);
      return entry;
    },
  };
}

/** The entry's answer, if it says what became of the request; 5xx does not. */
export function conclusiveAnswer({ answer }: Entry): Answer | null {
  return answer !== null && answer.status < 500 ? answer : null;
}
