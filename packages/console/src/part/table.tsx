import { createContext, type FocusEventHandler, type ReactNode, type Ref, useContext } from 'react';
import classes from './table.module.css';

interface TableProps {
  /** What it lists, for who cannot see it. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly busy?: boolean;
  /** Only some of its rows are in the page: how many there are with the head, -1 where nobody knows yet. */
  readonly rowCount?: number;
  readonly ref?: Ref<HTMLTableElement>;
  readonly onFocus?: FocusEventHandler;
  /** Rows; each with its `RowPlace` where only some are in the page. */
  readonly children: ReactNode;
}

export interface Column {
  readonly name: string;
  /** Only for screen readers: a column of buttons. */
  readonly hidden?: boolean;
  readonly align?: 'end';
  readonly width?: string;
}

/** A real table; where the screen is narrow its rows become cards, and each cell says which column it is. */
export function Table({ caption, columns, busy = false, rowCount, ref, onFocus, children }: TableProps) {
  return (
    <table
      ref={ref}
      onFocus={onFocus}
      className={classes.table}
      aria-busy={busy}
      aria-rowcount={rowCount}
      data-partial={rowCount === undefined ? undefined : true}
    >
      <caption className="visually-hidden">{caption}</caption>
      <colgroup>
        {columns.map(({ name, width }) => (
          <col key={name} style={width === undefined ? undefined : { width }} />
        ))}
      </colgroup>
      <thead>
        <tr aria-rowindex={rowCount === undefined ? undefined : 1}>
          {columns.map(({ name, hidden, align }) => (
            <th key={name} scope="col" data-align={align}>
              {hidden ? <span className="visually-hidden">{name}</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      {rowCount === undefined ? <tbody>{children}</tbody> : children}
    </table>
  );
}

/** Where a row stands among rows of which only some are in the page. */
export interface Place {
  readonly index: number;
  /** The id of what the row is about. */
  readonly item: string;
  readonly measure: (row: HTMLTableSectionElement | null) => void;
}

export const RowPlace = createContext<Place | null>(null);

interface RowProps {
  readonly id?: string;
  readonly children: ReactNode;
  /** A `tr` that belongs to it, and stands under it. */
  readonly under?: ReactNode;
}

/** A row of a table; where only some are in the page it is a body of its own, which is measured with what stands under it. */
export function Row({ id, children, under }: RowProps) {
  const place = useContext(RowPlace);
  if (!place) {
    return (
      <>
        <tr id={id}>{children}</tr>
        {under}
      </>
    );
  }
  return (
    <tbody ref={place.measure} data-index={place.index} data-item={place.item}>
      {/* The head is the first row. */}
      <tr id={id} aria-rowindex={place.index + 2}>
        {children}
      </tr>
      {under}
    </tbody>
  );
}

interface CellProps {
  readonly column: string;
  readonly align?: 'end' | undefined;
  /** The one that names the row. */
  readonly heading?: boolean;
  /** In a card it is told in one sentence with its neighbour that is so, too. */
  readonly sentence?: boolean;
  readonly children: ReactNode;
}

export function Cell({ column, align, heading, sentence, children }: CellProps) {
  const Tag = heading ? 'th' : 'td';
  return (
    <Tag data-column={column} data-align={align} data-sentence={sentence} {...(heading && { scope: 'row' })}>
      {children}
    </Tag>
  );
}

/** How many rows stand there until the real ones come. */
const SKELETON_ROWS = 8;

/** The shape of what is coming; it appears only when that takes longer than a moment, so that nothing flickers. */
export function SkeletonRows({ columns }: { readonly columns: readonly Column[] }) {
  return Array.from({ length: SKELETON_ROWS }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike.
    <tr key={row} className={classes.skeleton}>
      {columns.map(({ name }) => (
        <td key={name}>
          <span />
        </td>
      ))}
    </tr>
  ));
}
