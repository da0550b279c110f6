import { Button } from '@mantine/core';
import { notifications, notificationsStore } from '@mantine/notifications';
import { ConnectionError, RateLimited, ServerError } from '@postern/sdk';
import { MutationObserver, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { isSession, signInAskedBy } from '../sign-in/session.ts';
import { Declined, sentenceOf } from './failure.tsx';
import { alarm } from './toast.ts';

const UNDO_MS = 8_000;
/** Long enough to sign in again, or until Postern is back. */
const AGAIN_MS = 300_000;
/** Of these there is one: others would be in the way of what is said next. */
const AGAIN = 'undo-again-';

/**
 * Says what was done, and offers to take it back for a while; hovering or focusing it stops the clock. What could not be
 * taken back for a reason that passes is offered again, for some minutes, and the last such thing only.
 */
export function useUndo(): (done: string, undo: () => Promise<void>) => void {
  const queryClient = useQueryClient();
  return useCallback(
    (done, undo) => {
      async function takeBack(): Promise<void> {
        try {
          // As any other change: where it asks for a sign-in, that is noticed.
          await new MutationObserver(queryClient, { mutationFn: undo }).mutate();
        } catch (error) {
          const signIn = signInAskedBy(error);
          if (signIn === null) alarm(sentenceOf(error as Error));
          if (signIn !== null || passes(error)) {
            notifications.updateState(notificationsStore, (shown) => shown.filter(({ id }) => !id?.startsWith(AGAIN)));
            offer(AGAIN, done, takeBack, AGAIN_MS);
          }
        }
      }
      offer('undo-', done, takeBack, UNDO_MS);
    },
    [queryClient],
  );
}

/** `after`: how long it stands there, in milliseconds. Who has signed out meanwhile leaves nothing to the next one. */
function offer(kind: string, done: string, takeBack: () => Promise<void>, after: number): void {
  if (!isSession()) return;
  const id = `${kind}${crypto.randomUUID()}`;
  const message = (
    <span className="row-apart">
      {done}
      <Button
        variant="subtle"
        onClick={() => {
          notifications.hide(id);
          void takeBack();
        }}
      >
        Undo
      </Button>
    </span>
  );
  const closeAfter = (autoClose: number | false) => notifications.update({ id, message, autoClose });
  notifications.show({
    id,
    role: 'status',
    autoClose: after,
    closeButtonProps: { 'aria-label': 'Dismiss' },
    message,
    // The pointer stops the clock by itself.
    onFocusCapture: () => closeAfter(false),
    onBlurCapture: () => closeAfter(after),
  });
}

/** Whether the same may succeed later. */
function passes(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof ServerError || error instanceof RateLimited;
}

/** Where the server has no versions: what is not as it was left belongs to whoever changed it. */
export function requireAsLeft(now: string | undefined, left: string | undefined): void {
  if (now !== left) throw new Declined('Somebody has changed it since. It stays as they left it.');
}
