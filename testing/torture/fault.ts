import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../random.ts';
import type { FleetNode } from './fleet.ts';
import type { Weather } from './proxy.ts';
import type { Note } from './story.ts';

export type Fault = 'paused' | 'killed' | Exclude<Weather, 'fair'>;

export const FAULTS: readonly Fault[] = ['paused', 'killed', 'stalled', 'mute', 'lossy', 'cut'];

export interface FaultOptions {
  readonly nodes: readonly FleetNode[];
  readonly random: Random;
  readonly now: () => number;
  readonly notes: Note[];
  isOver(): boolean;
}

const LEASE_MS = 2_000;
const CALM_MS = 1_200;

/** Faults on one or two nodes at a time, until the run is over; then all is well again. */
export async function keepFailing(options: FaultOptions): Promise<Readonly<Record<Fault, number>>> {
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  const { nodes, random, isOver } = options;
  const lanes = nodes.slice(0, 2).map(async (_, lane) => {
    // Each of the two has nodes of its own, so that no fault ends another one's.
    const own = nodes.filter((_node, index) => index % 2 === lane);
    while (!isOver()) {
      await wait(CALM_MS * random.fraction());
      if (isOver()) return;
      const fault = random.pick(FAULTS);
      counts[fault] += 1;
      await fail(options, random.pick(own), fault);
    }
  });
  await Promise.all(lanes);
  return counts;
}

async function fail({ random, now, notes }: FaultOptions, node: FleetNode, fault: Fault): Promise<void> {
  const startedAt = now();
  // Around a lease is where it gets close.
  const long = LEASE_MS * (random.chance(0.5) ? 0.8 + 0.4 * random.fraction() : 1.5 * random.fraction());
  if (fault === 'killed') {
    await node.restart();
  } else if (fault === 'paused') {
    node.pause();
    await wait(long);
    node.resume();
  } else {
    node.proxy.set(fault);
    await wait(long);
    node.proxy.set('fair');
  }
  notes.push({ startedAt, endedAt: now(), what: `${node.name} is ${fault}` });
}
