import type { ReceiptNote } from './mutation.ts';
import type { TortureReport } from './torture.ts';

/** A report as people read it. */
export function printReport({ seconds, counts, faults, receipts, findings, evidence }: TortureReport): string {
  const prompt = receipts.filter(({ expired }) => expired === 0);
  const lines = [
    `${seconds} s: ${counts.writes} answered changes of a right, ${counts.unsure} unanswered, ` +
      `${counts.allowed} verifications allowed, ${counts.denied} denied`,
    `faults: ${Object.entries(faults)
      .map(([fault, count]) => `${count} ${fault}`)
      .join(', ')}`,
    `receipts, all nodes confirmed: ${quantiles(prompt)}`,
    `receipts, some fenced: ${quantiles(receipts.filter(({ expired }) => expired > 0))}`,
    findings.length === 0 ? 'nothing found' : `FOUND ${findings.length}:`,
    ...findings,
    ...evidence,
  ];
  return lines.join('\n');
}

function quantiles(receipts: readonly ReceiptNote[]): string {
  if (receipts.length === 0) return 'none';
  const of = (values: number[]): string => {
    const sorted = values.toSorted((a, b) => a - b);
    const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1);
    return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
  };
  return `${receipts.length}: ${of(receipts.map(({ ms }) => ms))}; as the caller saw it ${of(receipts.map(({ callMs }) => callMs))}`;
}
