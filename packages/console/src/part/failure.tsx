import { Button } from '@mantine/core';
import { ConnectionError, NotFound, PermissionDenied, PosternError } from '@postern/sdk';
import classes from './failure.module.css';
import { Forbidden } from './forbidden.tsx';
import { clockTime } from './time.tsx';

interface FailureProps {
  /** What could not be loaded: "service accounts". */
  readonly what: string;
  readonly error: Error;
  readonly retry: () => unknown;
  /** When the server had been asked last with success, if it ever was. */
  readonly shownSince?: number | undefined;
}

/** What went wrong with reading, where it would have stood, and what to do. */
export function Failure({ what, error, retry, shownSince }: FailureProps) {
  if (error instanceof PermissionDenied) {
    return <Forbidden>manage {what}</Forbidden>;
  }
  if (error instanceof NotFound) {
    return (
      <div className={classes.failure} role="alert">
        <p>There is nothing at this address, or you may not see it.</p>
      </div>
    );
  }
  if (shownSince !== undefined && (error instanceof ConnectionError || !navigator.onLine)) {
    return (
      <div className={classes.failure} role="status">
        Connection lost. Showing {clockTime(shownSince)}. Retrying.
      </div>
    );
  }
  return (
    <div className={classes.failure} role="alert">
      <span>
        Couldn’t load {what}. {reasonOf(error)}
      </span>
      <Button onClick={() => retry()}>Try again</Button>
    </div>
  );
}

function reasonOf(error: Error): string {
  if (error instanceof ConnectionError) return 'Postern cannot be reached.';
  if (error instanceof PosternError && error.requestId) return `Request ${error.requestId}.`;
  return '';
}

/** The console itself does not do what it was asked to: why, in a sentence for people. */
export class Declined extends Error {}

/** What a refusal says to a person: the server's own sentence. */
export function sentenceOf(error: Error): string {
  if (error instanceof Declined) return error.message;
  if (error instanceof ConnectionError)
    return 'Postern cannot be reached. Nothing is known to have changed; try again.';
  if (!(error instanceof PosternError)) return 'Something went wrong in this page. Reload it.';
  const fields = error.errors.map(({ path, message }) => `${path.replace(/^\//, '') || 'The request'} ${message}.`);
  const title = error.errors.length > 0 ? '' : error.title.replace(/[^.!?]$/, '$&.');
  return [title, error.detail, ...fields].filter(Boolean).join(' ');
}

/** A refusal, beside the thing that caused it. */
export function Refusal({ error }: { readonly error: Error | null }) {
  if (!error) return null;
  const requestId = error instanceof PosternError ? error.requestId : null;
  return (
    <div className={classes.refusal} role="alert">
      {sentenceOf(error)}
      {requestId && <span className="meta"> {requestId}</span>}
    </div>
  );
}
