import type { ReactNode } from 'react';
import classes from './tag.module.css';

/** A short word about a thing: a role, a plan. */
export function Tag({ children }: { readonly children: ReactNode }) {
  return <span className={classes.tag}>{children}</span>;
}
