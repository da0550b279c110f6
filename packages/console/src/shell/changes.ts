import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

/** Where the server says that something has changed; the browser opens it again by itself. */
const STREAM = '/api/v1/changes';
/** Where the server would not have it: the session was over, it was starting, or there were too many windows. */
const REOPEN_MS = 5_000;
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
    let stream: EventSource;
    let reopening: ReturnType<typeof setTimeout> | undefined;
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
    function open(): void {
      stream = new EventSource(STREAM);
      // What is shown may have been read before the stream began.
      for (const event of ['head', 'change', 'reset']) stream.addEventListener(event, plan);
      // The browser opens one again that was broken off, and none that was refused.
      stream.addEventListener('error', () => {
        if (!closed && stream.readyState === EventSource.CLOSED) reopening = setTimeout(open, REOPEN_MS);
      });
    }
    open();
    return () => {
      closed = true;
      clearTimeout(reopening);
      stream.close();
    };
  }, [mayFollow, queryClient]);
}
