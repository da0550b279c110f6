import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { command } from '../part/command.ts';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { accountQuery, refreshAccounts } from '../service-account/query.ts';

interface DeleteAllDialogProps {
  readonly accountId: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function DeleteAllDialog({ accountId, opened, onClose }: DeleteAllDialogProps) {
  const queryClient = useQueryClient();
  // Of a long list only the beginning is here: the account knows how many there are.
  const count = useQuery({ ...accountQuery(accountId), enabled: opened }).data?.tokenCount;
  const remove = useMutation({
    mutationFn: () => postern.serviceAccounts.tokens.deleteAll(accountId),
    async onSuccess({ deleted, receipt }) {
      onClose();
      await refreshAccounts(queryClient);
      say(`${counted(deleted, 'token', 'tokens')} deleted. ${receiptSentence(receipt)}`);
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title="Delete all tokens?"
      onClose={() => {
        remove.reset();
        onClose();
      }}
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error}
      confirm="Delete all tokens"
      confirming="Deleting…"
      typed="delete all tokens"
      command={command('token delete', [], { all: true, account: accountId })}
    >
      {count === undefined ? 'All its tokens are' : counted(count, 'token is', 'tokens are')} deleted for good. Calls
      with {count === 1 ? 'it' : 'them'} fail at once. The account and its memberships are kept.
    </ConfirmDialog>
  );
}
