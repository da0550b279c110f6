import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useCallback } from 'react';
import { Declined, sentenceOf } from './failure.tsx';
import { alarm } from './toast.ts';

const UNDO_MS = 8_000;

/** Says what was done, and offers to take it back for a while; hovering or focusing it stops the clock. */
export function useUndo(): (done: string, undo: () => Promise<void>) => void {
  return useCallback((done, undo) => {
    const id = `undo-${crypto.randomUUID()}`;
    async function takeBack(): Promise<void> {
      notifications.hide(id);
      try {
        await undo();
      } catch (error) {
        alarm(sentenceOf(error as Error));
      }
    }
    const message = (
      <span className="row-apart">
        {done}
        <Button variant="subtle" onClick={takeBack}>
          Undo
        </Button>
      </span>
    );
    const closeAfter = (autoClose: number | false) => notifications.update({ id, message, autoClose });
    notifications.show({
      id,
      role: 'status',
      autoClose: UNDO_MS,
      closeButtonProps: { 'aria-label': 'Dismiss' },
      message,
      // The pointer stops the clock by itself.
      onFocusCapture: () => closeAfter(false),
      onBlurCapture: () => closeAfter(UNDO_MS),
    });
  }, []);
}

/** Where the server has no versions: what is not as it was left belongs to whoever changed it. */
export function requireAsLeft(now: string | undefined, left: string | undefined): void {
  if (now !== left) throw new Declined('Somebody has changed it since. It stays as they left it.');
}
