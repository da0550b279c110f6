import type { Postern } from '../testing/postern-process.ts';
import type { LoadTool } from './load.ts';
import { type Lengths, warmUp } from './measure.ts';
import type { Route } from './request.ts';
import { FEW_VALUES, type Session } from './session.ts';
import { createMeasure, measureRounds, type Speed } from './speed.ts';

/** Verifications by so many nodes on one PostgreSQL, each with its part of the load: by all together. */
export interface NodeResult extends Speed {
  readonly nodes: number;
}

const NODES = [1, 2, 4];

/** All nodes share one processor where the machine has two: their speed says what they cost each other, not what a fleet can do. */
export async function measureNodes(tool: LoadTool, lengths: Lengths, session: Session): Promise<readonly NodeResult[]> {
  const subject = { session, route: session.routes[0] as Route, tokensFile: session.fewFile };
  const running: Postern[] = [];
  const results: NodeResult[] = [];
  try {
    for (const nodes of NODES) {
      while (running.length < nodes) {
        const node = await session.start();
        running.push(node);
        await warmUp(subject, node, FEW_VALUES);
      }
      results.push({ nodes, ...(await measureRounds(createMeasure(tool, subject), running, lengths)) });
    }
    return results;
  } finally {
    await Promise.all(running.map((node) => node.stop()));
  }
}
