import { expect, test } from 'vitest';
import { type Chart, drawChart } from './chart.ts';

const chart: Chart = {
  title: 'Cost & p99',
  steps: { title: 'tokens', labels: ['1,000', '100,000', '1,000,000'] },
  panels: [
    {
      title: 'µs',
      series: [
        { name: 'embedded', look: 0, values: [40, 41.5, 80] },
        { name: 'PostgreSQL', look: 1, values: [44, undefined, 46] },
      ],
    },
    { title: 'ms', series: [{ name: 'PostgreSQL', look: 1, values: [2, 2.25, 3] }] },
  ],
};

test('it has a title, and a description with all numbers', () => {
  const svg = drawChart(chart);
  expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title description"/);
  expect(svg).toContain('<title id="title">Cost &amp; p99</title>');
  expect(svg).toContain(
    '<desc id="description">By tokens. µs, embedded: 40 at 1,000, 41.5 at 100,000, 80 at 1,000,000. ' +
      'µs, PostgreSQL: 44 at 1,000, 46 at 1,000,000. ms, PostgreSQL: 2 at 1,000, 2.25 at 100,000, 3 at 1,000,000.</desc>',
  );
});

test('lines go through the values, on an axis from 0 to a round number above them', () => {
  const lines = [...drawChart(chart).matchAll(/<polyline class="line (look-\d)" points="([^"]+)"/g)];
  const points = lines.map(([, series, text = '']) => ({
    series,
    points: text.split(' ').map((point) => point.split(',').map(Number)),
  }));
  expect(points.map(({ series }) => series)).toEqual(['look-0', 'look-1', 'look-1']);
  const [embedded, postgres] = points;
  // The axis ends at 80, which is its upper end; half of that is in the middle.
  const [[, middle], , [right, top]] = (embedded?.points ?? []) as [number[], number[], [number, number]];
  expect(top).toBe(94);
  expect(middle).toBe(94 + (310 - 94 - 52) / 2);
  expect(postgres?.points).toHaveLength(2);
  expect(postgres?.points[1]?.[0]).toBe(right);
  expect(drawChart(chart)).toContain('text-anchor="end">80</text>');
});

test('series are told apart by marks and dashes, and colours follow the scheme of the reader', () => {
  const svg = drawChart(chart);
  expect(svg.match(/<circle class="look-0"/g)).toHaveLength(4);
  expect(svg.match(/<rect class="look-1"/g)).toHaveLength(6);
  expect(svg).toMatch(/class="line look-1"[^>]* stroke-dasharray=/);
  expect(svg).toContain('@media (prefers-color-scheme: dark)');
});

test('an axis of nothing but zeros, and one step alone, are drawn', () => {
  const svg = drawChart({
    title: 'nothing',
    steps: { title: 'nodes', labels: ['1'] },
    panels: [{ title: 'ms', series: [{ name: 'PostgreSQL', look: 1, values: [0] }] }],
  });
  expect(svg).not.toContain('NaN');
  expect(svg).toContain('points="226,258"');
});
