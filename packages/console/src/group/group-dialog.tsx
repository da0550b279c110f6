import { Textarea, TextInput } from '@mantine/core';
import type { Group } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { Dialog, DialogForm, shellQuote } from '../part/dialog.tsx';
import { useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';

interface GroupDialogProps {
  /** The one that is edited; null: a new one. */
  readonly group: Group | null;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function GroupDialog({ group, opened, onClose }: GroupDialogProps) {
  return (
    <Dialog opened={opened} title={group ? 'Edit group' : 'Add group'} onClose={onClose}>
      <GroupForm group={group} onClose={onClose} />
    </Dialog>
  );
}

function GroupForm({ group, onClose }: Omit<GroupDialogProps, 'opened'>) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const fields = useFields({ name: group?.name ?? '', description: group?.description ?? '' });
  const [left, setLeft] = useState<Error | null>(null);
  const save = useMutation({
    mutationFn: () =>
      group
        ? postern.groups.update(group.id, fields.values)
        : postern.groups.create(fields.values, { idempotencyKey: attemptKey(fields.values) }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['groups'] });
      onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  return (
    <DialogForm
      onSubmit={() => save.mutate()}
      onCancel={onClose}
      pending={save.isPending}
      submit={group ? 'Save' : 'Create'}
      submitting={group ? 'Saving…' : 'Creating…'}
      error={left}
      command={group ? undefined : `postern group create ${shellQuote(fields.values.name || 'NAME')}`}
    >
      <div ref={fields.form} className="stack">
        <TextInput label="Name" maxLength={200} {...fields.text('name')} data-autofocus autoComplete="off" />
        <Textarea label="Description" maxLength={2000} {...fields.text('description')} />
      </div>
    </DialogForm>
  );
}
