import type { Finding } from './finding.ts';
import { conclusiveAnswer, type Entry } from './journal.ts';

/** What rounds were run, and what was found. */

/** How a round's process ends. */
export type Ending =
  /** Killed under load. */
  | 'load'
  /** Killed on its way up, then started again. */
  | 'start'
  /** Told to stop under load, and killed on its way down. */
  | 'stopping'
  /** Told to stop under load, and left to do it. */
  | 'stop';

export interface Report {
  readonly rounds: number;
  readonly endings: Readonly<Record<Ending, number>>;
  readonly sent: number;
  /** Of those sent: answered with success, refused, and not answered conclusively. */
  readonly acknowledged: number;
  readonly refused: number;
  readonly unanswered: number;
  /** Of the unanswered: done all the same. */
  readonly unansweredDone: number;
  /** Requests repeated under their Idempotency-Key. */
  readonly repeated: number;
  readonly verdicts: number;
  readonly longestStartMs: number;
  readonly longestStopMs: number;
  readonly findings: readonly (Finding & { readonly round: number })[];
  /** Directories where database and journal of a lane with findings are kept. */
  readonly evidence: readonly string[];
}

export function countEntries(entries: readonly Entry[], doneUnanswered: ReadonlySet<number>) {
  const answered = entries.filter((entry) => conclusiveAnswer(entry) !== null);
  const refused = answered.filter(({ answer }) => answer?.code !== null).length;
  return {
    sent: entries.length,
    acknowledged: answered.length - refused,
    refused,
    unanswered: entries.length - answered.length,
    unansweredDone: doneUnanswered.size,
    repeated: entries.filter(({ retryOf }) => retryOf !== null).length,
  };
}

export function mergeReports(reports: readonly Report[]): Report {
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: Report) => number): number => Math.max(0, ...reports.map(of));
  return {
    rounds: sum(({ rounds }) => rounds),
    endings: {
      load: sum(({ endings }) => endings.load),
      start: sum(({ endings }) => endings.start),
      stopping: sum(({ endings }) => endings.stopping),
      stop: sum(({ endings }) => endings.stop),
    },
    sent: sum(({ sent }) => sent),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    refused: sum(({ refused }) => refused),
    unanswered: sum(({ unanswered }) => unanswered),
    unansweredDone: sum(({ unansweredDone }) => unansweredDone),
    repeated: sum(({ repeated }) => repeated),
    verdicts: sum(({ verdicts }) => verdicts),
    longestStartMs: most(({ longestStartMs }) => longestStartMs),
    longestStopMs: most(({ longestStopMs }) => longestStopMs),
    findings: reports.flatMap(({ findings }) => findings),
    evidence: reports.flatMap(({ evidence }) => evidence),
  };
}

export function printReport(engine: string, report: Report): string {
  const { endings, findings } = report;
  const lines = [
    `${engine}: ${report.rounds} rounds`,
    `  mutations    ${report.sent} sent: ${report.acknowledged} acknowledged, ${report.refused} refused, ` +
      `${report.unanswered} without an answer (${report.unansweredDone} of them done)`,
    `  repeated     ${report.repeated} requests under their Idempotency-Key`,
    `  verified     ${report.verdicts} values`,
    `  killed       ${endings.load} times under load, ${endings.start} on the way up, ${endings.stopping} on the way down`,
    `  stopped      ${endings.stop} times in good order, the longest in ${seconds(report.longestStopMs)}`,
    `  started      the longest in ${seconds(report.longestStartMs)}`,
    `  findings     ${findings.length === 0 ? 'none' : findings.length}`,
    ...findings.map(({ round, kind, text }) => `    round ${round}: ${kind}: ${text}`),
    ...report.evidence.map((directory) => `    kept: ${directory}`),
  ];
  return lines.join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
