import { setTimeout as pause } from 'node:timers/promises';
import { launchPostern, type PosternData } from '../postern-process.ts';
import type { Random } from '../random.ts';

/** Processes on one database that come and go together, as if they were one. */
export interface Nodes {
  /** Resolves with their addresses when all take requests. */
  readonly ready: Promise<readonly string[]>;
  /** Resolves when all have ended: whether each did so in good order. */
  readonly exited: Promise<boolean>;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** Kills one after the other, in any order: those that are left go on for a moment. */
  kill(): Promise<void>;
}

export interface NodeOptions {
  readonly nodes: number;
  /** Of each node. */
  readonly workers: number;
  readonly random: Random;
}

/** The others are killed within so many milliseconds after the first. */
const GAP_MS = 300;

export function launchNodes(data: PosternData, { nodes, workers, random }: NodeOptions): Nodes {
  const env = { POSTERN_WORKERS: String(workers) };
  const launches = Array.from({ length: nodes }, () => launchPostern(data, { env }));
  const ready = Promise.all(launches.map((launch) => launch.ready));
  // Whoever kills them before they are ready need not wait for this.
  ready.catch(() => undefined);
  return {
    ready,
    exited: Promise.all(launches.map(({ exited }) => exited)).then((codes) => codes.every((code) => code === 0)),
    stderr: () => launches.map((launch) => launch.stderr()).join(''),
    signal: (name) => {
      for (const launch of launches) launch.signal(name);
    },
    async kill() {
      const first = random.below(launches.length);
      for (const launch of [...launches.slice(first), ...launches.slice(0, first)]) {
        await launch.kill();
        if (nodes > 1) await Promise.race([pause(random.fraction() * GAP_MS), this.exited]);
      }
    },
  };
}
