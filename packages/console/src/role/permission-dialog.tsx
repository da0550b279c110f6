import { Textarea, TextInput } from '@mantine/core';
import type { Permission } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';

interface PermissionDialogProps {
  /** The one that is edited; null: a new one. */
  readonly permission: Permission | null;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function PermissionDialog({ permission, opened, onClose }: PermissionDialogProps) {
  return (
    <Dialog opened={opened} title={permission ? `Edit ${permission.name}` : 'Add permission'} onClose={onClose}>
      <PermissionForm permission={permission} onClose={onClose} />
    </Dialog>
  );
}

function PermissionForm({ permission, onClose }: Omit<PermissionDialogProps, 'opened'>) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const [left, setLeft] = useState<Error | null>(null);
  const fields = useFields({ name: permission?.name ?? '', description: permission?.description ?? '' });
  const save = useMutation({
    mutationFn: () =>
      permission
        ? postern.permissions.update(permission.name, { description: fields.values.description })
        : postern.permissions.create(fields.values, { idempotencyKey: attemptKey(fields.values) }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['permissions'] });
      onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  return (
    <DialogForm
      onSubmit={() => save.mutate()}
      onCancel={onClose}
      pending={save.isPending}
      submit={permission ? 'Save' : 'Create'}
      submitting={permission ? 'Saving…' : 'Creating…'}
      error={left}
      command={
        permission
          ? command('permission edit', [permission.name], { description: fields.values.description })
          : command('permission create', [fields.values.name || 'NAME'], {
              description: fields.values.description || undefined,
            })
      }
    >
      <div ref={fields.form} className="stack">
        {!permission && (
          <TextInput
            label="Name"
            description="noun.verb, like invoices.read"
            {...fields.text('name')}
            data-autofocus
            autoComplete="off"
            spellCheck={false}
          />
        )}
        <Textarea label="Description" maxLength={2000} {...fields.text('description')} />
      </div>
    </DialogForm>
  );
}
