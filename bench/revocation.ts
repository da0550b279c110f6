import { startBackground } from './background.ts';
import type { LoadTool } from './load.ts';
import { median, quantile } from './machine.ts';
import { type Lengths, warmUp } from './measure.ts';
import type { Route } from './request.ts';
import type { RevokerInput, RevokerOutput } from './revoker.ts';
import { FEW_VALUES, type Session } from './session.ts';
import { createMeasure, measureBelowFullSpeed, measureFullSpeed, type Speed } from './speed.ts';
import type { Engine } from './table.ts';

/** Verifications from memory while tokens are revoked, so many a second. Latencies are those at 70 % of full speed. */
export interface RevocationResult extends Speed {
  readonly engine: Engine;
  /** That were asked for, a second. */
  readonly rate: number;
  /** Absent where nothing was revoked. */
  readonly revoked?: Revoked;
}

export interface Revoked {
  readonly perSecond: number;
  /** With 503, of all that were asked for while latencies were measured. */
  readonly refused: number;
  /** From the call to its answer. */
  readonly callMs: Spread;
  /** From the commit to the proof that no process answers from older memory, as the receipt says. */
  readonly receiptMs: Spread;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
}

/** 100 is one every 10 ms. */
const RATES = [0, 10, 100, 200];

/** Uses up tokens of the session, but none of the few that are called. */
export async function measureRevocations(
  tool: LoadTool,
  lengths: Lengths,
  session: Session,
  engine: Engine,
): Promise<readonly RevocationResult[]> {
  const subject = { session, route: session.routes[0] as Route, tokensFile: session.fewFile };
  const postern = await session.start();
  const results: RevocationResult[] = [];
  let used = FEW_VALUES;
  try {
    await warmUp(subject, postern, FEW_VALUES);
    const measure = createMeasure(tool, subject);
    await measure([postern], lengths.speedSeconds);
    for (const rate of RATES) {
      const full = await revokeMeanwhile(rate, () => measureFullSpeed(measure, [postern], lengths));
      const paced = await revokeMeanwhile(rate, () => measureBelowFullSpeed(measure, [postern], full.result, lengths));
      const revoked = paced.output && summarize(paced.output);
      results.push({ engine, rate, ...paced.result, ...full.result, ...(revoked && { revoked }) });
    }
    return results;
  } finally {
    await postern.stop();
  }

  async function revokeMeanwhile<Result>(perSecond: number, during: () => Promise<Result>) {
    if (perSecond === 0) return { result: await during(), output: undefined };
    const input: RevokerInput = { url: postern.url, tokensFile: session.allFile, offset: used, perSecond };
    // Where what goes on meanwhile fails, it ends with this process.
    const revoker = startBackground<RevokerOutput>('revoker.ts', 'BENCH_REVOKER', input);
    const result = await during();
    const output = await revoker.stop();
    used += output.revoked + output.refused;
    return { result, output };
  }
}

function summarize({ revoked, refused, seconds, callsMs, receiptsMs }: RevokerOutput): Revoked {
  const spread = (of: readonly number[]): Spread => ({ p50: median(of), p99: quantile(of, 0.99) });
  return { perSecond: revoked / seconds, refused, callMs: spread(callsMs), receiptMs: spread(receiptsMs) };
}
