import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useCallback } from 'react';
import { sentenceOf } from './failure.tsx';
import { alarm } from './toast.ts';

const UNDO_MS = 8_000;

/** Says what was done, and offers to take it back for a while; hovering or focusing it stops the clock. */
export function useUndo(): (message: string, undo: () => Promise<void>) => void {
  return useCallback((message, undo) => {
    const id = `undo-${crypto.randomUUID()}`;
    async function takeBack(): Promise<void> {
      notifications.hide(id);
      try {
        await undo();
      } catch (error) {
        alarm(sentenceOf(error as Error));
      }
    }
    notifications.show({
      id,
      role: 'status',
      autoClose: UNDO_MS,
      closeButtonProps: { 'aria-label': 'Dismiss' },
      message: (
        <span className="row-apart">
          {message}
          <Button variant="subtle" onClick={takeBack}>
            Undo
          </Button>
        </span>
      ),
    });
  }, []);
}
