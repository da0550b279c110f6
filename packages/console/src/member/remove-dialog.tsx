import type { Ended, Member } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { command } from '../part/command.ts';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { Declined } from '../part/failure.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { say } from '../part/toast.ts';
import { postern } from '../postern.ts';
import { refreshMembers } from './query.ts';

interface RemoveDialogProps extends Shown {
  /** As it was when this was asked: what is asked does not change while it is read. */
  readonly member: Member;
}

/** Withdraws an invitation, or removes somebody who has joined; never the one for the other. */
export function RemoveDialog({ member, opened, onClose }: RemoveDialogProps) {
  const queryClient = useQueryClient();
  const invited = member.status === 'invited';
  const remove = useMutation({
    mutationFn: () => (invited ? withdraw(member.id) : postern.members.delete(member.id)),
    async onSuccess({ receipt }) {
      onClose();
      await refreshMembers(queryClient);
      say(invited ? 'Invitation withdrawn.' : `Removed. ${receiptSentence(receipt)}`);
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={
        invited ? (
          'Withdraw the invitation?'
        ) : (
          <>
            Remove <bdi>{member.displayName}</bdi>?
          </>
        )
      }
      onClose={() => {
        remove.reset();
        onClose();
      }}
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error}
      confirm={invited ? 'Withdraw' : 'Remove'}
      confirming={invited ? 'Withdrawing…' : 'Removing…'}
      command={command('member delete', [member.id])}
    >
      {invited
        ? `The link that ${member.email} got stops working.`
        : 'Their sessions and tokens end at once; memberships go for good. Service accounts they made are kept.'}
    </ConfirmDialog>
  );
}

/** To the server both are one thing; whoever has joined meanwhile is no invitation any more. */
async function withdraw(id: string): Promise<Ended> {
  const now = await postern.members.get(id);
  if (now.status !== 'invited') {
    throw new Declined(`${now.displayName} has joined meanwhile, and is a member now. Nobody was removed.`);
  }
  return postern.members.delete(id, { ifMatch: now });
}
