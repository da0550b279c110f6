import { useMediaQuery } from '@mantine/hooks';
import { defaultRangeExtractor, type Range, useWindowVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import {
  type FocusEvent,
  Fragment,
  type ReactNode,
  type RefObject,
  useCallback,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { PAGE_ROWS_MAX, type Pages } from './pages.ts';
import { useScrollStart, useSpot } from './spot.ts';
import classes from './table.module.css';
import { type Column, type Place, RowPlace, Table } from './table.tsx';

/** Up to here every row is in the page, as in any table. */
const WHOLE_ROWS = 100;
/** How many rows stand ready on either side of what is seen. */
const READY_ROWS = 12;
/** As many at first, when a table comes. */
const FIRST_READY_ROWS = 2;
/** So near to the last row the next page is asked for. */
const NEAR_END_ROWS = 20;

interface LongTableProps<Item> {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly items: readonly Item[];
  /** Where the rest comes from; undefined: there is none. */
  readonly pages?: Pick<Pages<Item>, 'hasMore' | 'loadingMore' | 'loadMore'>;
  /** Near its end it asks for more by itself. */
  readonly endless?: boolean;
  /** A `Row`, memoized, so that it is not made again while others come and go. */
  readonly row: (item: Item) => ReactNode;
  readonly height: RowHeight<Item>;
}

/** How high a row will be, in pixels; the nearer, the calmer the scroll bar. `narrow`: it is a card. */
export type RowHeight<Item> = (item: Item, narrow: boolean) => number;

/**
 * A table of any length: what is seen is in the page, and what has the focus, and the first and the last row, so that Tab goes
 * wherever it would go in the whole table. The rest is room. Who comes back to it finds it as they left it.
 */
export function LongTable<Item extends { readonly id: string }>(props: LongTableProps<Item>) {
  const { caption, columns, items, pages, endless = false, row, height } = props;
  const narrow = useMediaQuery('(max-width: 767px)', undefined, { getInitialValueInEffect: false }) ?? false;
  const table = useRef<HTMLTableElement>(null);
  const before = measuredOf(items, narrow);
  const top = useTop(table, before?.top ?? 0);
  const spot = useSpot(table);
  const [focused, setFocused] = useState(spot?.item);
  const focusedAt = useMemo(() => items.findIndex(({ id }) => id === focused), [items, focused]);
  const count = items.length;
  // What is seen comes at once; the others follow as soon as nothing else is to be done.
  const ready = useDeferredValue(true, false);

  const virtualizer = useWindowVirtualizer<HTMLTableSectionElement>({
    count,
    scrollMargin: top,
    initialOffset: useScrollStart(),
    overscan: ready ? READY_ROWS : FIRST_READY_ROWS,
    // What is seen is known before it is measured: the first rows come with the table.
    initialRect: { width: window.innerWidth, height: window.innerHeight },
    initialMeasurementsCache: before?.rows ?? [],
    getItemKey: useCallback((index: number) => items[index]?.id ?? index, [items]),
    estimateSize: (index) => height(items[index] as Item, narrow),
    rangeExtractor: useCallback((range: Range) => present(range, focusedAt, ready), [focusedAt, ready]),
  });

  const shownAs = useRef({ items, narrow, top });
  useLayoutEffect(() => {
    // What was measured of rows says nothing of cards.
    if (shownAs.current.narrow !== narrow) virtualizer.measure();
    shownAs.current = { items, narrow, top };
  }, [items, narrow, top, virtualizer]);
  useEffect(() => () => keepMeasured({ ...shownAs.current, rows: virtualizer.takeSnapshot() }), [virtualizer]);

  const asked = useRef<readonly Item[]>(null);
  useEffect(() => {
    const near = (virtualizer.range?.endIndex ?? 0) >= count - NEAR_END_ROWS;
    // Once for each answer: what could not be had is not asked for again and again.
    if (!endless || !near || !pages?.hasMore || pages.loadingMore || asked.current === items) return;
    asked.current = items;
    // As many again, so that who goes on and on does not wait at every step.
    pages.loadMore(Math.min(count, PAGE_ROWS_MAX));
  });

  function follow(event: FocusEvent): void {
    const item = (event.target as Element).closest<HTMLElement>('tbody[data-item]')?.dataset['item'];
    if (item !== undefined) setFocused(item);
  }

  let reached = top;
  const shown = virtualizer.getVirtualItems().map(({ key, index, start, end }) => {
    const gap = start - reached;
    reached = end;
    return (
      <Fragment key={key}>
        {gap > 0 && <Gap height={gap} columns={columns.length} />}
        <Placed index={index} item={String(key)} measure={virtualizer.measureElement}>
          {row(items[index] as Item)}
        </Placed>
      </Fragment>
    );
  });
  return (
    <Table
      ref={table}
      caption={caption}
      columns={columns}
      busy={!ready}
      rowCount={pages?.hasMore ? -1 : count + 1}
      onFocus={follow}
    >
      {shown}
    </Table>
  );
}

/** Which rows are in the page. */
function present(range: Range, focused: number, ready: boolean): number[] {
  const { count } = range;
  if (ready && count <= WHOLE_ROWS) return Array.from({ length: count }, (_, index) => index);
  const around = focused < 0 ? [] : [focused - 1, focused, focused + 1];
  const kept = [0, ...around, count - 1].filter((index) => index >= 0 && index < count);
  return [...new Set([...kept, ...defaultRangeExtractor(range)])].toSorted((one, other) => one - other);
}

/** How far from the beginning of the page the first row is, in pixels; what stands over the table may grow and shrink. */
function useTop(table: RefObject<HTMLTableElement | null>, initial: number): number {
  const [top, setTop] = useState(initial);
  useLayoutEffect(() => {
    function look(): void {
      const first = table.current?.tBodies[0];
      if (first) setTop(Math.round(first.getBoundingClientRect().top + window.scrollY));
    }
    look();
    const observer = new ResizeObserver(look);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [table]);
  return top;
}

interface Measured {
  readonly items: readonly unknown[];
  readonly narrow: boolean;
  readonly top: number;
  readonly rows: VirtualItem[];
}

/** Where a list stood and how high its rows were when it was left: as long as it is kept, so are they. */
const measured = new WeakMap<readonly unknown[], Measured>();

function measuredOf(items: readonly unknown[], narrow: boolean): Measured | undefined {
  const before = measured.get(items);
  return before?.narrow === narrow ? before : undefined;
}

function keepMeasured(measurement: Measured): void {
  measured.set(measurement.items, measurement);
}

function Placed({ index, item, measure, children }: Place & { readonly children: ReactNode }) {
  const place = useMemo(() => ({ index, item, measure }), [index, item, measure]);
  return <RowPlace value={place}>{children}</RowPlace>;
}

/** The room of rows that are not in the page. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    <tbody aria-hidden="true" className={classes.gap}>
      <tr>
        <td colSpan={columns} style={{ height }} />
      </tr>
    </tbody>
  );
}
