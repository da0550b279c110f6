import type { Token } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { command } from '../part/command.ts';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { useNow } from '../part/time.tsx';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { oldCallersQuery, recentCallers } from './overlap-line.tsx';
import { ownerFlags, refreshTokens, type TokenResource } from './resource.ts';

interface EndDialogProps extends Shown {
  readonly token: Token;
  readonly resource: TokenResource;
}

/** Ends the old value of a refreshed token before its time. */
export function EndDialog({ token, resource, opened, onClose }: EndDialogProps) {
  const queryClient = useQueryClient();
  const now = useNow();
  const callers = useQuery({ ...oldCallersQuery(resource, token.id), enabled: opened });
  const end = useMutation({
    mutationFn: () => resource.endOverlap(token.id),
    async onSuccess({ receipt }) {
      onClose();
      await refreshTokens(queryClient, resource);
      say(`The old value of ${token.name} has ended. ${receiptSentence(receipt)}`);
    },
  });
  const recent = recentCallers(callers.data, now);
  return (
    <ConfirmDialog
      opened={opened}
      title="End the old value now?"
      onClose={() => {
        end.reset();
        onClose();
      }}
      onConfirm={() => end.mutate()}
      pending={end.isPending}
      error={end.error}
      confirm="End now"
      confirming="Ending…"
      command={command('token end-overlap', [token.id], ownerFlags(resource))}
    >
      {recent > 0
        ? `${counted(recent, 'caller', 'callers')} used it in the last hour and will get 401 until updated.`
        : `Whoever still calls with …${token.previous?.hint} will get 401.`}
    </ConfirmDialog>
  );
}
