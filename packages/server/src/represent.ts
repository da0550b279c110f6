import { formatTime, type Receipt, type TokenFacts } from '@postern/core';

/** How values of the domain stand in JSON answers. */

/** A time that may never have come. */
export function representTime(time: number | null): string | null {
  return time === null ? null : formatTime(time);
}

/** What nobody told (a verifier need not say whom it verifies for) is null, not an empty text. */
export function told(text: string | null): string | null {
  return text === '' ? null : text;
}

export function representReceipt({ position, confirmed, expired, ms }: Receipt): Receipt {
  return { position, confirmed, expired, ms: Number(ms.toFixed(3)) };
}

/** JSON text of facts that many requests share, written once for as long as they are kept in memory. */
export function onceAsJson<Facts extends object>(represent: (facts: Facts) => unknown): (facts: Facts) => string {
  const texts = new WeakMap<Facts, string>();
  return (facts) => {
    let text = texts.get(facts);
    if (text === undefined) {
      text = JSON.stringify(represent(facts));
      texts.set(facts, text);
    }
    return text;
  };
}

/** The members of a JSON object, to stand among others. */
export function membersOf(json: string): string {
  return json.slice(1, -1);
}

/** The token that was presented, as members of a JSON object. */
export function tokenMembers({ id, name, validUntil }: TokenFacts): string {
  const expiresAt = validUntil === null ? 'null' : `"${formatTime(validUntil)}"`;
  return `"id":"${id}","name":${JSON.stringify(name)},"expiresAt":${expiresAt}`;
}
