import type { Engine } from './table.ts';

/** How numbers and databases are written in tables and charts. */

export const ENGINES: Readonly<Record<Engine, string>> = { sqlite: 'embedded', postgres: 'PostgreSQL' };

export function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

export function microseconds(cost: number): string {
  return `${Math.round(cost)} µs`;
}

export function milliseconds(p50: number, p99: number, digits = 1): string {
  return `${p50.toFixed(digits)}, ${p99.toFixed(digits)} ms`;
}
