import { type ReactNode, useEffect, useRef } from 'react';
import classes from './page.module.css';

interface PageProps {
  /** In the tab, and as the heading unless `heading` says more. */
  readonly title: string;
  readonly heading?: ReactNode;
  readonly actions?: ReactNode;
  /** Over the heading: where one came from. */
  readonly above?: ReactNode;
  /** Under the heading. */
  readonly lead?: ReactNode;
  readonly children: ReactNode;
}

/** One address: it sets the title, and the reader of a screen starts at its heading. */
export function Page({ title, heading, actions, above, lead, children }: PageProps) {
  const pageRef = useRef<HTMLDivElement>(null);
  const headingRef = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Postern`;
  }, [title]);
  // Once: a page whose title changes while it is read (a rename) must not move the reader. And who comes back to a row is there.
  useEffect(() => {
    if (!pageRef.current?.contains(document.activeElement)) headingRef.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div ref={pageRef} className={classes.page}>
      {above && (
        <nav aria-label="Path" className={classes.above}>
          {above}
        </nav>
      )}
      <div className={classes.head}>
        <div className={classes.title}>
          <h1 ref={headingRef} tabIndex={-1}>
            {heading ?? title}
          </h1>
          {lead && <div className={classes.lead}>{lead}</div>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

interface SectionProps {
  readonly label: string;
  /** Under the label. */
  readonly hint?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly id?: string;
}

/** A part of a page: its label stands in a column of its own where there is room. */
export function Section({ label, hint, actions, children, id }: SectionProps) {
  return (
    <section className={classes.section} aria-label={label} id={id}>
      <div className={classes.label}>
        <h2 tabIndex={-1}>{label}</h2>
        {hint && <div className="meta">{hint}</div>}
      </div>
      <div className={classes.content}>
        {actions && <div className={classes.actions}>{actions}</div>}
        {children}
      </div>
    </section>
  );
}
