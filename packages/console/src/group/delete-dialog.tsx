import type { Group } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';

interface DeleteGroupDialogProps {
  readonly group: Group;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onGone: () => void;
}

export function DeleteGroupDialog({ group, opened, onClose, onGone }: DeleteGroupDialogProps) {
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => postern.groups.delete(group.id),
    async onSuccess({ receipt }) {
      onClose();
      await queryClient.invalidateQueries({ queryKey: ['groups'] });
      // Only now is its row gone, and the focus with it.
      onGone();
      say(`Deleted. ${receiptSentence(receipt)}`);
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={
        <>
          Delete <bdi>{group.name}</bdi>?
        </>
      }
      onClose={() => {
        remove.reset();
        onClose();
      }}
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error}
      confirm="Delete group"
      confirming="Deleting…"
      command={`postern group delete ${group.id}`}
    >
      {counted(group.memberCount, 'member loses', 'members lose')} what this group gave, at once. Nobody is deleted.
    </ConfirmDialog>
  );
}
