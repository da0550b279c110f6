import type { Receipt } from '@postern/sdk';

/** "In force on 4 of 4 nodes, 6 ms." Waited-out nodes answer nothing from memory any more, so it is in force there, too. */
export function receiptSentence(receipt: Receipt | null | undefined): string {
  if (!receipt) return '';
  const nodes = receipt.confirmed + receipt.expired;
  const ms = receipt.ms < 10 ? receipt.ms.toFixed(1) : Math.round(receipt.ms);
  if (nodes <= 1 && ms === '0.0') return 'In force at once.';
  return nodes <= 1
    ? `In force, ${ms} ms.`
    : `In force on ${nodes} of ${nodes} nodes, ${ms} ms${receipt.expired > 0 ? ` (${receipt.expired} waited out)` : ''}.`;
}
