import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { Empty } from './empty.tsx';
import { Failure } from './failure.tsx';
import classes from './list.module.css';
import { LoadMore } from './load-more.tsx';
import { LongTable, type RowHeight } from './long-table.tsx';
import type { Pages } from './pages.ts';
import { type Column, SkeletonRows, Table } from './table.tsx';

interface ListBodyProps<Item> {
  /** "groups", for what is said about them. */
  readonly what: string;
  /** What its table is called. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly pages: Pages<Item>;
  /** A `Row`, memoized. */
  readonly row: (item: Item) => ReactNode;
  readonly height: RowHeight<Item>;
  /** Where there is none, and nothing was searched for. */
  readonly empty: ReactNode;
  /** Takes back what was searched for; undefined where nothing was. */
  readonly onClear?: (() => void) | undefined;
  /** Something follows it in the page: it grows only when it is asked to, or what follows could not be reached. */
  readonly within?: boolean;
}

/** A list in all its states: coming, there at any length, empty, nothing found, not to be had, not to be had any more. */
export function ListBody<Item extends { readonly id: string }>(props: ListBodyProps<Item>) {
  const { what, caption, columns, pages, row, height, empty, onClear, within = false } = props;
  const { items, error } = pages;
  return (
    <div className={classes.list}>
      {error && <Failure what={what} error={error} retry={pages.refetch} shownSince={items && pages.retriesSince} />}
      {items?.length === 0 &&
        (onClear ? <Empty action={<Button onClick={onClear}>Clear search</Button>}>Nothing matches.</Empty> : empty)}
      {items && items.length > 0 && (
        <LongTable
          caption={caption}
          columns={columns}
          items={items}
          pages={pages}
          endless={!within}
          row={row}
          height={height}
        />
      )}
      {!items && !error && (
        <>
          <Table caption={caption} columns={columns} busy>
            <SkeletonRows columns={columns} />
          </Table>
          <span className="visually-hidden" role="status">
            Loading {what}
          </span>
        </>
      )}
      <LoadMore pages={pages} />
    </div>
  );
}
