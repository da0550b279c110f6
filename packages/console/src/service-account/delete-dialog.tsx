import { Button } from '@mantine/core';
import type { ServiceAccount } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { command } from '../part/command.ts';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { refreshAccounts } from './query.ts';

interface DeleteDialogProps {
  readonly account: ServiceAccount;
  readonly opened: boolean;
  readonly onClose: () => void;
  /** What is often meant instead; undefined where it is disabled already. */
  readonly onDisable: (() => void) | undefined;
  /** It is gone: its own page leads away before anything is asked for again. */
  readonly onGone?: (() => Promise<void>) | undefined;
}

export function DeleteDialog({ account, opened, onClose, onDisable, onGone }: DeleteDialogProps) {
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => postern.serviceAccounts.delete(account.id),
    async onSuccess({ receipt }) {
      onClose();
      await onGone?.();
      await refreshAccounts(queryClient);
      say(`Deleted. ${receiptSentence(receipt)}`);
    },
  });
  const tokens = account.tokenCount > 0 ? `, its ${counted(account.tokenCount, 'token', 'tokens')}` : '';
  return (
    <ConfirmDialog
      opened={opened}
      title="Delete service account"
      onClose={() => {
        remove.reset();
        onClose();
      }}
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error}
      confirm="Remove"
      confirming="Removing…"
      command={command('service-account delete', [account.id])}
      footer={
        onDisable && (
          <Button variant="subtle" onClick={onDisable} disabled={remove.isPending}>
            Disable instead
          </Button>
        )
      }
    >
      <bdi>{account.displayName}</bdi>
      {tokens} and all memberships go for good.
    </ConfirmDialog>
  );
}
