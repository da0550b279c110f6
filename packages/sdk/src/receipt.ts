import type { Receipt } from './openapi.gen.ts';

/** What an end answers: the thing is gone, and how far that has reached. */
export interface Ended {
  /** null when an earlier attempt did it and its answer was lost on the way. */
  readonly receipt: Receipt | null;
}

/** The `Postern-Receipt` header, a dictionary of structured fields (RFC 9651 section 3.2). */
export function parseReceipt(header: string | null): Receipt | null {
  if (header === null) return null;
  const fields = new Map(header.split(',').map((field) => field.trim().split('=') as [string, string]));
  const [position, confirmed, expired, ms] = ['position', 'confirmed', 'expired', 'ms'].map((name) =>
    Number(fields.get(name) ?? Number.NaN),
  ) as [number, number, number, number];
  return [position, confirmed, expired, ms].some(Number.isNaN) ? null : { position, confirmed, expired, ms };
}
