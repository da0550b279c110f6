import type { ServiceAccount } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { command } from '../part/command.ts';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { membershipsQuery, refreshAccounts } from './query.ts';

interface DisableDialogProps {
  readonly account: ServiceAccount;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function DisableDialog({ account, opened, onClose }: DisableDialogProps) {
  const queryClient = useQueryClient();
  const memberships = useQuery({
    ...membershipsQuery(account.id),
    enabled: opened,
    // What is about to happen is said of things as they are now.
    staleTime: 0,
  });
  const disable = useMutation({
    mutationFn: () => postern.serviceAccounts.disable(account.id),
    async onSuccess({ receipt }) {
      await refreshAccounts(queryClient);
      onClose();
      say(`Disabled. ${receiptSentence(receipt)}`);
    },
  });
  const { groups = [], workspaces = [] } = memberships.data ?? {};
  return (
    <ConfirmDialog
      opened={opened}
      title={
        <>
          Disable <bdi>{account.displayName}</bdi>?
        </>
      }
      onClose={() => {
        disable.reset();
        onClose();
      }}
      onConfirm={() => disable.mutate()}
      pending={disable.isPending}
      error={disable.error}
      confirm="Disable"
      confirming="Disabling…"
      command={command('service-account disable', [account.id])}
    >
      {account.tokenCount > 0
        ? `${counted(account.tokenCount, 'token is', 'tokens are')} deleted for good. `
        : 'It has no tokens. '}
      {memberships.data &&
        `${counted(groups.length, 'group', 'groups')} and ${counted(workspaces.length, 'workspace', 'workspaces')} are kept. `}
      Enabling does not bring tokens back.
    </ConfirmDialog>
  );
}
