import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

/** Where the server says that something has changed; the browser opens it again by itself. */
const STREAM = '/api/v1/changes';
/** Several changes at once are looked at once. */
const PAUSE_MS = 150;

/**
 * What somebody else changes is asked for again as soon as the server tells of it, one look after another: many changes in a
 * row do not begin a long list anew each time. Where there is no stream (who may not follow changes, too many windows), what
 * is shown is asked for again every now and then all the same.
 */
export function useChanges(mayFollow: boolean): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!mayFollow) return;
    const stream = new EventSource(STREAM);
    let closed = false;
    let due = false;
    let looked = Promise.resolve();
    async function look(): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      due = false;
      if (!closed) await queryClient.invalidateQueries();
    }
    function plan(): void {
      if (due) return;
      due = true;
      looked = looked.then(look);
    }
    // What is shown may have been read before the stream began.
    stream.addEventListener('head', plan);
    stream.addEventListener('change', plan);
    stream.addEventListener('reset', plan);
    return () => {
      closed = true;
      stream.close();
    };
  }, [mayFollow, queryClient]);
}
