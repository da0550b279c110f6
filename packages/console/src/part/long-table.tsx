import { useMediaQuery } from '@mantine/hooks';
import { defaultRangeExtractor, type Range, useWindowVirtualizer } from '@tanstack/react-virtual';
import {
  type FocusEvent,
  Fragment,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Pages } from './pages.ts';
import classes from './table.module.css';
import { type Column, type Place, RowPlace, Table } from './table.tsx';

/** Up to here every row is in the page, as in any table. */
const WHOLE_ROWS = 100;
/** How many rows stand ready on either side of what is seen. */
const READY_ROWS = 12;
/** So near to the last row the next page is asked for. */
const NEAR_END_ROWS = 20;

interface LongTableProps<Item> {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly items: readonly Item[];
  readonly pages: Pick<Pages<Item>, 'hasMore' | 'loadingMore' | 'loadMore'>;
  /** A `Row`, memoized, so that it is not made again while others come and go. */
  readonly row: (item: Item) => ReactNode;
  /** How high a row will be, in pixels; the nearer, the calmer the scroll bar. `narrow`: it is a card. */
  readonly height: (item: Item, narrow: boolean) => number;
}

/**
 * A table of any length: what is seen is in the page, and what has the focus, and the first and the last row, so that Tab goes
 * wherever it would go in the whole table. The rest is room. Near its end it asks for more by itself.
 */
export function LongTable<Item extends { readonly id: string }>(props: LongTableProps<Item>) {
  const { caption, columns, items, pages, row, height } = props;
  const narrow = useMediaQuery('(max-width: 767px)') ?? false;
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  const [focused, setFocused] = useState(0);
  const count = items.length;

  const virtualizer = useWindowVirtualizer<HTMLTableRowElement>({
    count,
    scrollMargin: top,
    overscan: READY_ROWS,
    getItemKey: useCallback((index: number) => items[index]?.id ?? index, [items]),
    estimateSize: (index) => height(items[index] as Item, narrow),
    rangeExtractor: useCallback((range: Range) => present(range, focused), [focused]),
  });
  useLayoutEffect(() => {
    if (body.current) setTop(Math.round(body.current.getBoundingClientRect().top + window.scrollY));
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was measured of rows says nothing of cards.
  useLayoutEffect(() => virtualizer.measure(), [narrow]);

  const askedAt = useRef(0);
  useEffect(() => {
    const near = (virtualizer.range?.endIndex ?? 0) >= count - NEAR_END_ROWS;
    // Once for each length: what could not be had is not asked for again and again.
    if (!near || !pages.hasMore || pages.loadingMore || askedAt.current === count) return;
    askedAt.current = count;
    pages.loadMore();
  });

  function follow(event: FocusEvent): void {
    const index = (event.target as Element).closest<HTMLElement>('tr[data-index]')?.dataset['index'];
    if (index !== undefined) setFocused(Number(index));
  }

  let reached = top;
  const shown = virtualizer.getVirtualItems().map(({ key, index, start, end }) => {
    const gap = start - reached;
    reached = end;
    return (
      <Fragment key={key}>
        {gap > 0 && <Gap height={gap} columns={columns.length} />}
        <Placed index={index} measure={virtualizer.measureElement}>
          {row(items[index] as Item)}
        </Placed>
      </Fragment>
    );
  });
  return (
    <Table
      caption={caption}
      columns={columns}
      rowCount={pages.hasMore ? -1 : count + 1}
      body={{ ref: body, onFocus: follow }}
    >
      {shown}
    </Table>
  );
}

/** Which rows are in the page. */
function present(range: Range, focused: number): number[] {
  const { count } = range;
  if (count <= WHOLE_ROWS) return Array.from({ length: count }, (_, index) => index);
  const kept = [0, focused - 1, focused, focused + 1, count - 1].filter((index) => index >= 0 && index < count);
  return [...new Set([...kept, ...defaultRangeExtractor(range)])].toSorted((one, other) => one - other);
}

function Placed({ index, measure, children }: Place & { readonly children: ReactNode }) {
  const place = useMemo(() => ({ index, measure }), [index, measure]);
  return <RowPlace value={place}>{children}</RowPlace>;
}

/** The room of rows that are not in the page. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row takes no focus.
    <tr aria-hidden="true" className={classes.gap}>
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
