import type { Token } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { command } from '../part/command.ts';
import { ConfirmDialog, confirmationText } from '../part/confirm-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { Time } from '../part/time.tsx';
import { say } from '../part/toast.ts';
import { ownerFlags, refreshTokens, type TokenResource } from './resource.ts';

interface DeleteTokenDialogProps extends Shown {
  readonly token: Token;
  readonly resource: TokenResource;
}

export function DeleteTokenDialog({ token, resource, opened, onClose }: DeleteTokenDialogProps) {
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => resource.delete(token.id),
    async onSuccess({ receipt }) {
      onClose();
      await refreshTokens(queryClient, resource);
      say(`Deleted. ${receiptSentence(receipt)}`);
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={
        <>
          Delete <bdi>{token.name}</bdi>?
        </>
      }
      onClose={() => {
        remove.reset();
        onClose();
      }}
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error}
      confirm="Delete token"
      confirming="Deleting…"
      typed={confirmationText(token.name)}
      command={command('token delete', [token.id], ownerFlags(resource))}
    >
      Calls with it fail at once.{' '}
      {token.lastUsedAt ? (
        <>
          Last used <Time at={token.lastUsedAt} />.
        </>
      ) : (
        'It was never used.'
      )}
    </ConfirmDialog>
  );
}
