import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

/** Where the server says that something has changed; the browser opens it again by itself. */
const STREAM = '/api/v1/changes';
/** Several changes at once are looked at once. */
const PAUSE_MS = 150;

/**
 * What somebody else changes is asked for again as soon as the server tells of it. Where there is no stream (who may not
 * follow changes, too many windows), what is shown is asked for again every now and then all the same.
 */
export function useChanges(mayFollow: boolean): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!mayFollow) return;
    const stream = new EventSource(STREAM);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queryClient.invalidateQueries();
      }, PAUSE_MS);
    };
    stream.addEventListener('change', look);
    stream.addEventListener('reset', look);
    return () => {
      stream.close();
      clearTimeout(timer);
    };
  }, [mayFollow, queryClient]);
}
