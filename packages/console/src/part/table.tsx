import type { ReactNode } from 'react';
import classes from './table.module.css';

interface TableProps {
  /** What it lists, for who cannot see it. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly busy?: boolean;
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
export function Table({ caption, columns, busy = false, children }: TableProps) {
  return (
    <table className={classes.table} aria-busy={busy}>
      <caption className="visually-hidden">{caption}</caption>
      <colgroup>
        {columns.map(({ name, width }) => (
          <col key={name} style={width === undefined ? undefined : { width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {columns.map(({ name, hidden, align }) => (
            <th key={name} scope="col" data-align={align}>
              {hidden ? <span className="visually-hidden">{name}</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

interface CellProps {
  readonly column: string;
  readonly align?: 'end' | undefined;
  /** The one that names the row. */
  readonly heading?: boolean;
  readonly children: ReactNode;
}

export function Cell({ column, align, heading, children }: CellProps) {
  const Tag = heading ? 'th' : 'td';
  return (
    <Tag data-column={column} data-align={align} {...(heading && { scope: 'row' })}>
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
