import type { ReactNode } from 'react';
import classes from './empty.module.css';

interface EmptyProps {
  readonly children: ReactNode;
  readonly action?: ReactNode;
  /** The same from a terminal. */
  readonly command?: string;
}

/** Nothing here yet: what these things are for, and how to make the first. */
export function Empty({ children, action, command }: EmptyProps) {
  return (
    <div className={classes.empty}>
      <p>{children}</p>
      {action}
      {command && (
        <p className="meta">
          From a terminal: <code>{command}</code>
        </p>
      )}
    </div>
  );
}
