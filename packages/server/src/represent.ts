import { formatTime, type Receipt } from '@postern/core';

/** How values of the domain stand in JSON answers. */

/** A time that may never have come. */
export function representTime(time: number | null): string | null {
  return time === null ? null : formatTime(time);
}

export function representReceipt({ position, confirmed, expired, ms }: Receipt): Receipt {
  return { position, confirmed, expired, ms: Number(ms.toFixed(3)) };
}
