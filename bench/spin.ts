/**
 * Wants a processor all the time, for BENCH_SPIN_MS milliseconds, and prints as JSON how long it took and for how long it had
 * none, each time that was noticeable. A process of its own.
 */
const NOTICEABLE_MS = 0.2;

const started = performance.now();
const awayMs: number[] = [];
let last = started;
while (last - started < Number(process.env['BENCH_SPIN_MS'])) {
  const now = performance.now();
  if (now - last > NOTICEABLE_MS) awayMs.push(now - last);
  last = now;
}
process.stdout.write(JSON.stringify({ awayMs, elapsedMs: last - started }));
