import { Failure } from './failure.tsx';
import classes from './pending.module.css';

interface PendingProps {
  /** "this group", for what is said about it. */
  readonly what: string;
  readonly query: {
    readonly data: unknown;
    readonly error: Error | null;
    readonly refetch: () => unknown;
  };
}

/** What stands where something will: that it is on its way, or why it cannot be had. Nothing once it is there. */
export function Pending({ what, query: { data, error, refetch } }: PendingProps) {
  if (data !== undefined) return null;
  if (error) return <Failure what={what} error={error} retry={refetch} />;
  return (
    <p role="status" aria-busy="true" className={classes.pending}>
      Loading {what}…
    </p>
  );
}
