import type { Call } from './call.ts';
import { PosternError } from './error.ts';
import type { UsageReportItem } from './openapi.gen.ts';
import { background, type Stop } from './verifier-follow.ts';
import type { VerifierHead } from './verifier-head.ts';
import type { UsageReport, VerifierUsage } from './verifier-usage.ts';

/** How often use is reported, if there is any. */
const REPORT_MS = 10_000;
/** How often a verifier without any use says that it has none. */
const QUIET_REPORTS = 6;

/** Tells Postern what was answered from memory. */
export interface VerifierReporter {
  /** Says, once, that this verifier exists, so that nothing is called unused before it has reported. */
  announce(): Promise<void>;
  /** Reports now; what fails is kept and sent again, under the same id, so that nothing counts twice. */
  report(closing?: boolean): Promise<void>;
  /** Reports every few seconds. */
  start(): Stop;
  /** What is left of earlier reports, and the last one: they are given up when that fails. Never fails itself. */
  finish(): Promise<void>;
  /** Uses in reports that the server did not accept, or that were given up. */
  lost(): number;
}

export interface VerifierReporterDependencies {
  readonly call: Call;
  readonly usage: VerifierUsage;
  readonly head: Pick<VerifierHead, 'earliestServerNow'>;
  readonly verifierId: string;
  readonly newReportId: () => string;
}

interface Pending extends UsageReport {
  /** In the last part of a window: up to when everything has been reported. */
  readonly completeUntil: number | undefined;
  readonly closing: boolean;
}

export function createVerifierReporter({
  call,
  usage,
  head,
  verifierId,
  newReportId,
}: VerifierReporterDependencies): VerifierReporter {
  let queue: Pending[] = [];
  let announced = false;
  let quiet = 0;
  let lost = 0;
  let running: Promise<void> | undefined;

  /** Gives the reports to send in its place, if the server will never accept this one. */
  async function send(pending: Pending): Promise<readonly Pending[]> {
    const { reportId, items, completeUntil, closing } = pending;
    // A verifier that does not say up to when its use is told would be taken for one that has told all until now, and stay there.
    const verifier =
      completeUntil === undefined
        ? undefined
        : { id: verifierId, completeUntil: new Date(completeUntil).toISOString(), closing };
    const body = { reportId, items: [...items], ...(verifier && { verifier }) };
    try {
      await call('POST /api/v1/usage-reports', { body });
      return [];
    } catch (error) {
      if (!(error instanceof PosternError) || error.status !== 400) throw error;
      const parts = splitReport(pending, newReportId);
      if (parts.length === 0) lost += countOf(items);
      return parts;
    }
  }

  async function sendAll(closing: boolean): Promise<void> {
    if (queue.length === 0) {
      const completeUntil = head.earliestServerNow();
      // Without ever having heard of the server's time there is little to tell: who joined a question of somebody else.
      if (completeUntil === undefined && usage.pending() === 0) return;
      queue = usage.take().map((report) => ({
        ...report,
        completeUntil: report.last ? completeUntil : undefined,
        closing: report.last && closing,
      }));
    }
    for (let next = queue[0]; next; next = queue[0]) {
      const parts = await send(next);
      queue.splice(0, 1, ...parts);
      if (parts.length === 0 && next.completeUntil !== undefined) announced = true;
    }
  }

  function report(closing = false): Promise<void> {
    running ??= sendAll(closing).finally(() => {
      running = undefined;
    });
    return running;
  }

  async function tick(): Promise<void> {
    quiet += 1;
    if (usage.pending() === 0 && queue.length === 0 && announced && quiet < QUIET_REPORTS) return;
    quiet = 0;
    await report();
  }

  return {
    async announce() {
      if (!announced) await report().catch(() => undefined);
      // What was left from before anything was heard of the server's time has named nobody.
      if (!announced) await report().catch(() => undefined);
    },
    report,
    start() {
      let stopped = false;
      let cancel: Stop;
      const schedule = (): void => {
        if (!stopped)
          cancel = background(() => {
            void tick()
              .catch(() => undefined)
              .then(schedule);
          }, REPORT_MS);
      };
      schedule();
      return () => {
        stopped = true;
        cancel();
      };
    },
    async finish() {
      await running?.catch(() => undefined);
      try {
        if (queue.length > 0) await report();
        await report(true);
      } catch {
        for (const { items } of [...queue, ...usage.take()]) lost += countOf(items);
      }
    },
    lost: () => lost,
  };
}

function countOf(items: readonly UsageReportItem[]): number {
  return items.reduce((sum, { count }) => sum + count, 0);
}

/**
 * The same use, each in a report of its own and without who called: one that the server will never accept does not keep the others
 * from being reported. None where that was done already.
 */
function splitReport(pending: Pending, newReportId: () => string): readonly Pending[] {
  const { items, completeUntil, closing } = pending;
  const [first] = items;
  if (items.length < 2 && first?.address === undefined && first?.userAgent === undefined) return [];
  return items.map(({ address, userAgent, ...item }, index) => {
    const last = index === items.length - 1;
    return {
      reportId: newReportId(),
      items: [item],
      last: pending.last && last,
      completeUntil: last ? completeUntil : undefined,
      closing: closing && last,
    };
  });
}
