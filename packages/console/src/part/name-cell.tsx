import type { ReactNode } from 'react';
import classes from './name-cell.module.css';

/** What names a row, and under it what there is to say about it; each on one line. */
export function NameCell({ children, under }: { readonly children: ReactNode; readonly under?: ReactNode }) {
  return (
    <span className={classes.name}>
      <span>{children}</span>
      {under ? <span className="meta">{under}</span> : null}
    </span>
  );
}
