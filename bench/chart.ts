/**
 * Line charts side by side over the same steps, as one SVG that explains itself to whoever cannot see it, and follows the
 * reader's light or dark scheme. A series is told by its marks and its dashes, not by its colour alone.
 */
export interface Chart {
  readonly title: string;
  /** What the steps count, and each of them as text. */
  readonly steps: { readonly title: string; readonly labels: readonly string[] };
  readonly panels: readonly Panel[];
}

export type Look = 0 | 1 | 2;

export interface Panel {
  /** With its unit. */
  readonly title: string;
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  /** How it is drawn: the same thing in every chart alike. */
  readonly look: Look;
  /** One for each step; undefined where nothing was measured. At least 0. */
  readonly values: readonly (number | undefined)[];
}

const PANEL = { width: 420, height: 310, left: 52, right: 20, top: 94, bottom: 52 } as const;
const PLOT = {
  width: PANEL.width - PANEL.left - PANEL.right,
  height: PANEL.height - PANEL.top - PANEL.bottom,
} as const;
const TICKS_MOST = 5;
const MARK = 4;
/** Shares of the plot's width, left of the first step and right of the last one. */
const STEP_MARGIN = 0.08;

const STYLE = `
  svg { font-family: system-ui, sans-serif; font-size: 12px; }
  .ground { fill: #ffffff; } .text { fill: #1f2328; } .quiet { fill: #59636e; } .grid { stroke: #d1d9e0; }
  .heading { font-size: 14px; font-weight: 600; }
  .look-0 { stroke: #0969da; fill: #0969da; } .look-1 { stroke: #bc4c00; fill: #bc4c00; }
  .look-2 { stroke: #1a7f37; fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .text { fill: #f0f6fc; } .quiet { fill: #9198a1; } .grid { stroke: #3d444d; }
    .look-0 { stroke: #58a6ff; fill: #58a6ff; } .look-1 { stroke: #f0883e; fill: #f0883e; }
    .look-2 { stroke: #3fb950; fill: #3fb950; }
  }
  .line { fill: none; stroke-width: 2; }`;
const DASHES: Readonly<Record<Look, string>> = { 0: '', 1: '7 4', 2: '2 4' };

export function drawChart(chart: Chart): string {
  const width = PANEL.width * chart.panels.length;
  const looks = new Map(chart.panels.flatMap(({ series }) => series.map(({ name, look }) => [name, look])));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" viewBox="0 0 ${width} ${PANEL.height}" width="${width}" height="${PANEL.height}">`,
    `<title id="title">${escapeText(chart.title)}</title>`,
    `<desc id="description">${escapeText(describe(chart))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${PANEL.height}" rx="6"/>`,
    `<text class="text heading" x="16" y="26">${escapeText(chart.title)}</text>`,
    ...[...looks].map(drawLegend),
    ...chart.panels.map((panel, at) => drawPanel(panel, chart.steps, at * PANEL.width)),
    '</svg>',
    '',
  ].join('\n');
}

/** All numbers, for whoever listens. */
function describe({ steps, panels }: Chart): string {
  const said = panels.flatMap(({ title, series }) =>
    series.map(({ name, values }) => {
      const pairs = values.flatMap((value, at) =>
        value === undefined ? [] : [`${round(value)} at ${steps.labels[at]}`],
      );
      return `${title}, ${name}: ${pairs.join(', ')}.`;
    }),
  );
  return `By ${steps.title}. ${said.join(' ')}`;
}

function drawLegend([name, look]: [string, Look], at: number, all: readonly [string, Look][]): string {
  const [x, y] = [16 + all.slice(0, at).reduce((width, [before]) => width + 64 + before.length * 6, 0), 46];
  return (
    `<g><line class="line look-${look}" x1="${x}" y1="${y}" x2="${x + 30}" y2="${y}"${dashes(look)}/>` +
    `${drawMark(look, x + 15, y)}<text class="text" x="${x + 38}" y="${y + 4}">${escapeText(name)}</text></g>`
  );
}

function drawPanel(panel: Panel, steps: Chart['steps'], offset: number): string {
  const most = Math.max(0, ...panel.series.flatMap(({ values }) => values.filter((value) => value !== undefined)));
  const ticks = ticksUpTo(most);
  const top = ticks.at(-1) as number;
  const x = (step: number): number => {
    const share = steps.labels.length === 1 ? 0.5 : step / (steps.labels.length - 1);
    return round(PANEL.left + PLOT.width * (STEP_MARGIN + share * (1 - 2 * STEP_MARGIN)));
  };
  const y = (value: number): number => round(PANEL.top + PLOT.height * (1 - value / top));
  const bottom = PANEL.top + PLOT.height;
  return [
    `<g transform="translate(${offset} 0)">`,
    `<text class="quiet" x="16" y="${PANEL.top - 14}">${escapeText(panel.title)}</text>`,
    ...ticks.map(
      (tick) =>
        `<line class="grid" x1="${PANEL.left}" y1="${y(tick)}" x2="${PANEL.left + PLOT.width}" y2="${y(tick)}"/>` +
        `<text class="quiet" x="${PANEL.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    ),
    ...steps.labels.map(
      (label, at) =>
        `<text class="quiet" x="${x(at)}" y="${bottom + 20}" text-anchor="middle">${escapeText(label)}</text>`,
    ),
    `<text class="quiet" x="${PANEL.left + PLOT.width / 2}" y="${bottom + 40}" text-anchor="middle">${escapeText(steps.title)}</text>`,
    ...panel.series.map(({ look, values }) => {
      const points = values.flatMap((value, at) => (value === undefined ? [] : [[x(at), y(value)] as const]));
      const line = points.map(([left, up]) => `${left},${up}`).join(' ');
      const marks = points.map(([left, up]) => drawMark(look, left, up));
      return `<g><polyline class="line look-${look}" points="${line}"${dashes(look)}/>${marks.join('')}</g>`;
    }),
    '</g>',
  ].join('\n');
}

/** A dot, a square or a triangle. */
function drawMark(look: Look, x: number, y: number): string {
  const shapes: Readonly<Record<Look, string>> = {
    0: `<circle class="look-0" cx="${x}" cy="${y}" r="${MARK}"/>`,
    1: `<rect class="look-1" x="${x - MARK}" y="${y - MARK}" width="${2 * MARK}" height="${2 * MARK}"/>`,
    2: `<path class="look-2" d="M${x} ${y - MARK - 1}l${MARK + 1} ${2 * MARK}h${-2 * (MARK + 1)}z"/>`,
  };
  return shapes[look];
}

function dashes(look: Look): string {
  return DASHES[look] === '' ? '' : ` stroke-dasharray="${DASHES[look]}"`;
}

/** From 0 to at least the value, in steps of 1, 2 or 5 times a power of ten. */
function ticksUpTo(value: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(value > 0 ? value / TICKS_MOST : 1));
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each * TICKS_MOST >= value) ?? 10 * power;
  const count = Math.max(1, Math.ceil(value / step));
  return Array.from({ length: count + 1 }, (_, at) => round(at * step));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
