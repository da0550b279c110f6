import type { Ended } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ConfirmDialog } from './confirm-dialog.tsx';
import type { Shown } from './edit-menu.tsx';
import { receiptSentence } from './receipt.ts';
import { say } from './toast.ts';

interface DeleteDialogProps extends Shown {
  /** What it is: "group". */
  readonly noun: string;
  readonly name: ReactNode;
  readonly remove: () => Promise<Ended>;
  /** What is asked for again: everything under these keys. */
  readonly refreshed: readonly (readonly string[])[];
  /** It is gone: its own page leads away before anything is asked for again. */
  readonly onGone?: (() => Promise<void>) | undefined;
  readonly typed?: string;
  readonly command: string;
  readonly children: ReactNode;
}

/** Deletes one thing for good, and says how far that has reached. */
export function DeleteDialog({ noun, name, remove, refreshed, onGone, onClose, ...rest }: DeleteDialogProps) {
  const queryClient = useQueryClient();
  const deletion = useMutation({
    mutationFn: remove,
    async onSuccess({ receipt }) {
      onClose();
      await onGone?.();
      await Promise.all(refreshed.map((queryKey) => queryClient.invalidateQueries({ queryKey })));
      say(`Deleted. ${receiptSentence(receipt)}`);
    },
  });
  return (
    <ConfirmDialog
      {...rest}
      title={<>Delete {name}?</>}
      onClose={() => {
        deletion.reset();
        onClose();
      }}
      onConfirm={() => deletion.mutate()}
      pending={deletion.isPending}
      error={deletion.error}
      confirm={`Delete ${noun}`}
      confirming="Deleting…"
    />
  );
}
