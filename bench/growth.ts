import { type Chart, drawChart, type Look, type Series } from './chart.ts';
import { ENGINES, whole } from './format.ts';
import { printNodes, printRevocations, printTokens } from './growth-table.ts';
import type { NodeResult } from './node.ts';
import type { RevocationResult } from './revocation.ts';
import { type Engine, printMachine, type Results, type Row } from './table.ts';

/**
 * How the cost of a verification grows with tokens, with nodes and with revocations, as `docs/reference/performance.md` has it:
 * a chart of each, beside a table of the same numbers.
 */
export interface GrowthChart {
  /** Of the folder `docs/images`. */
  readonly file: string;
  readonly svg: string;
}

const COST = 'processor time of a verification, µs';
const P99 = 'p99 at 70 % of full speed, ms';
const LOOKS: Readonly<Record<Engine, Look>> = { sqlite: 0, postgres: 1 };
const IN_TURN_LOOK = 2;
interface Growth {
  readonly file: string;
  readonly heading: string;
  readonly explained: string;
  readonly chart: Chart;
  readonly table: readonly string[];
}

export function drawGrowth(results: Results): readonly GrowthChart[] {
  return growths(results).map(({ file, chart }) => ({ file, svg: drawChart(chart) }));
}

/** As Markdown. */
export function printGrowth(results: Results): string {
  const sections = growths(results).map(({ file, heading, explained, chart, table }) => [
    `## ${heading}`,
    explained,
    `![${chart.title}; the table below has the numbers](../images/${file})`,
    table.join('\n'),
  ]);
  return [printMachine(results), ...results.leftOut, ...sections.flat()].join('\n\n');
}

function growths({ rows, nodes, revocations }: Results): readonly Growth[] {
  const verify = rows.filter(({ route }) => route.name === 'verify');
  return [tokenGrowth(verify), nodeGrowth(nodes), revocationGrowth(revocations)];
}

function tokenGrowth(rows: readonly Row[]): Growth {
  const sizes = [...new Set(rows.map(({ size }) => size))].toSorted((one, other) => one - other);
  const lines = [
    { name: ENGINES.sqlite, look: LOOKS.sqlite, engine: 'sqlite', calls: 'few' },
    { name: `${ENGINES.sqlite}, all in turn`, look: IN_TURN_LOOK, engine: 'sqlite', calls: 'all' },
    { name: ENGINES.postgres, look: LOOKS.postgres, engine: 'postgres', calls: 'few' },
  ] as const;
  const series = (of: (row: Row) => number | undefined): readonly Series[] =>
    lines.flatMap(({ name, look, engine, calls }) => {
      const values = sizes.map((size) => {
        const found = rows.find((row) => row.size === size && row.engine === engine && row.calls === calls);
        return found && of(found);
      });
      return values.some((value) => value !== undefined) ? [{ name, look, values }] : [];
    });
  return {
    file: 'performance-tokens.svg',
    heading: 'With tokens',
    explained:
      'A thousand tokens are called, of as many as the database holds; or all of them in turn, which is more than the caches of a ' +
      'processor hold, and which memory of the default size keeps. A token that is not in memory costs one indexed read ' +
      '([how large](../guides/operate.md#how-large)).',
    chart: {
      title: 'What a verification costs, by tokens in the database',
      steps: { title: 'tokens', labels: sizes.map(whole) },
      panels: [
        { title: COST, series: series(({ speed }) => speed.cost) },
        { title: P99, series: series(({ quiet }) => quiet?.p99Ms) },
      ],
    },
    table: printTokens(rows),
  };
}

function nodeGrowth(results: readonly NodeResult[]): Growth {
  const line = { name: ENGINES.postgres, look: LOOKS.postgres };
  return {
    file: 'performance-nodes.svg',
    heading: 'With nodes',
    explained:
      'Nodes on one PostgreSQL share the load evenly, and on this machine one processor, too: it shows what they cost each other by ' +
      'following its changes, not how much faster a fleet is. The processor time is that of all nodes, without that of PostgreSQL; the latencies are ' +
      'those of the slowest node.',
    chart: {
      title: 'What a verification costs, by nodes on one PostgreSQL',
      steps: { title: 'nodes', labels: results.map(({ nodes }) => whole(nodes)) },
      panels: [
        { title: COST, series: [{ ...line, values: results.map(({ cost }) => cost) }] },
        { title: P99, series: [{ ...line, values: results.map(({ p99Ms }) => p99Ms) }] },
      ],
    },
    table: printNodes(results),
  };
}

function revocationGrowth(results: readonly RevocationResult[]): Growth {
  const rates = [...new Set(results.map(({ rate }) => rate))].toSorted((one, other) => one - other);
  const series = (of: (result: RevocationResult) => number): readonly Series[] =>
    (['sqlite', 'postgres'] as const).flatMap((engine) => {
      const found = rates.map((rate) => results.find((result) => result.engine === engine && result.rate === rate));
      if (found.every((result) => result === undefined)) return [];
      return [{ name: ENGINES[engine], look: LOOKS[engine], values: found.map((result) => result && of(result)) }];
    });
  return {
    file: 'performance-revocations.svg',
    heading: 'With revocations',
    explained:
      'While tokens are revoked one by one (`POST /oauth2/revoke`), each with its receipt, by a server with 100,000 tokens: verifications ' +
      'at full speed, what one costs with its share of the revocations, and latencies at 70 % of full speed. A revoking call and the ' +
      'receipt in its answer are told as p50 and p99, too; a receipt counts from the commit to the proof that no process answers from ' +
      'older memory.',
    chart: {
      title: 'What a verification costs, by revocations that go on meanwhile',
      steps: { title: 'revocations a second', labels: rates.map(whole) },
      panels: [
        { title: COST, series: series(({ cost }) => cost) },
        { title: P99, series: series(({ p99Ms }) => p99Ms) },
      ],
    },
    table: printRevocations(results),
  };
}
