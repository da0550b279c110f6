import { Button } from '@mantine/core';
import type { ReactNode, Ref } from 'react';
import { Empty } from './empty.tsx';
import { Failure } from './failure.tsx';
import classes from './list.module.css';
import { LoadMore } from './load-more.tsx';
import type { Pages } from './pages.ts';
import { type Column, SkeletonRows, Table } from './table.tsx';

interface ListBodyProps<Item> {
  /** "groups", for what is said about them. */
  readonly what: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly pages: Pages<Item>;
  readonly row: (item: Item) => ReactNode;
  /** Where there is none, and nothing was searched for. */
  readonly empty: ReactNode;
  /** Takes back what was searched for; undefined where nothing was. */
  readonly onClear: (() => void) | undefined;
  readonly ref?: Ref<HTMLDivElement>;
}

/** A list in all its states: coming, there, empty, nothing found, not to be had, not to be had any more. */
export function ListBody<Item>({ what, caption, columns, pages, row, empty, onClear, ref }: ListBodyProps<Item>) {
  const { items, error } = pages;
  return (
    <div ref={ref} tabIndex={-1} className={classes.list}>
      {error && <Failure what={what} error={error} retry={pages.refetch} shownSince={items && pages.updatedAt} />}
      {items?.length === 0 &&
        (onClear ? <Empty action={<Button onClick={onClear}>Clear search</Button>}>Nothing matches.</Empty> : empty)}
      {!(error && !items) && items?.length !== 0 && (
        <Table caption={caption} columns={columns} busy={!items}>
          {items ? items.map(row) : <SkeletonRows columns={columns} />}
        </Table>
      )}
      {!items && !error && (
        <span className="visually-hidden" role="status">
          Loading {what}
        </span>
      )}
      <LoadMore pages={pages} />
    </div>
  );
}
