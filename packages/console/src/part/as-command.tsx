import classes from './as-command.module.css';

interface AsCommandProps {
  /** Null where a terminal cannot do it; the note says why. */
  readonly children: string | null;
  readonly note?: string | undefined;
}

/** The same from a terminal, for whoever does it more than once. */
export function AsCommand({ note, children }: AsCommandProps) {
  return (
    <details className={classes.command}>
      <summary>Show as command</summary>
      {children !== null && (
        <pre>
          <code>{children}</code>
        </pre>
      )}
      {note !== undefined && <p className="meta">{note}</p>}
    </details>
  );
}
