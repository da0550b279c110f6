import { Textarea, TextInput } from '@mantine/core';
import type { Workspace } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { Dialog, DialogForm, shellQuote } from '../part/dialog.tsx';
import { useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';

interface WorkspaceDialogProps {
  /** The one that is edited; null: a new one. */
  readonly workspace: Workspace | null;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function WorkspaceDialog({ workspace, opened, onClose }: WorkspaceDialogProps) {
  return (
    <Dialog opened={opened} title={workspace ? 'Edit workspace' : 'Add workspace'} onClose={onClose}>
      <WorkspaceForm workspace={workspace} onClose={onClose} />
    </Dialog>
  );
}

function WorkspaceForm({ workspace, onClose }: Omit<WorkspaceDialogProps, 'opened'>) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const [left, setLeft] = useState<Error | null>(null);
  const fields = useFields({
    name: workspace?.name ?? '',
    displayName: workspace?.displayName ?? '',
    description: workspace?.description ?? '',
  });
  const { name, displayName, description } = fields.values;
  const input = { name, description, ...(displayName.trim() !== '' && { displayName }) };
  const save = useMutation({
    mutationFn: () =>
      workspace
        ? postern.workspaces.update(workspace.id, input)
        : postern.workspaces.create(input, { idempotencyKey: attemptKey(input) }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['workspaces'] });
      onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  return (
    <DialogForm
      onSubmit={() => save.mutate()}
      onCancel={onClose}
      pending={save.isPending}
      submit={workspace ? 'Save' : 'Create'}
      submitting={workspace ? 'Saving…' : 'Creating…'}
      error={left}
      command={workspace ? undefined : `postern workspace create ${shellQuote(name || 'NAME')}`}
    >
      <div ref={fields.form} className="stack">
        <TextInput
          label="Name"
          description="Letters, digits, - and _; programs address it by this name"
          maxLength={200}
          {...fields.text('name')}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
        />
        <TextInput
          label="Display name"
          description="For people; empty: the name"
          maxLength={200}
          {...fields.text('displayName')}
        />
        <Textarea label="Description" maxLength={2000} {...fields.text('description')} />
      </div>
    </DialogForm>
  );
}
