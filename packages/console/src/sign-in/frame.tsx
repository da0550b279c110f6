import { type ReactNode, useEffect } from 'react';
import { Mark } from '../shell/mark.tsx';
import classes from './frame.module.css';

/** A page before anybody is signed in. */
export function Frame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Postern`;
  }, [title]);
  return (
    <main className={classes.frame}>
      <div className={classes.mark}>
        <Mark size={36} />
        <span>Postern</span>
      </div>
      <h1>{title}</h1>
      {children}
    </main>
  );
}
