import type { Workspace } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { say } from '../part/toast.ts';
import { postern } from '../postern.ts';

interface DeleteWorkspaceDialogProps {
  readonly workspace: Workspace;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onGone: () => void;
}

export function DeleteWorkspaceDialog({ workspace, opened, onClose, onGone }: DeleteWorkspaceDialogProps) {
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => postern.workspaces.delete(workspace.id),
    async onSuccess({ receipt }) {
      onClose();
      await queryClient.invalidateQueries({ queryKey: ['workspaces'] });
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
          Delete <bdi>{workspace.name}</bdi>?
        </>
      }
      onClose={() => {
        remove.reset();
        onClose();
      }}
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error}
      confirm="Delete workspace"
      confirming="Deleting…"
      typed={workspace.name}
      command={`postern workspace delete ${workspace.id}`}
    >
      Everybody loses their role in it, at once. Tokens that are limited to it alone can do nothing any more.
    </ConfirmDialog>
  );
}
