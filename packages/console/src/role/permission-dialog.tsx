import { Textarea, TextInput } from '@mantine/core';
import { type Permission, PreconditionFailed } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { Conflict, EditDialog, type Facts, useEdit } from '../part/edit-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';
import { permissionQuery, permissionsQuery, readPermission } from './query.ts';

export function AddPermissionDialog({ opened, onClose }: Shown) {
  return (
    <Dialog opened={opened} title="Add permission" onClose={onClose}>
      <AddPermissionForm onClose={onClose} />
    </Dialog>
  );
}

export function EditPermissionDialog({ name, opened, onClose }: Shown & { readonly name: string }) {
  return (
    <EditDialog
      opened={opened}
      title={`Edit ${name}`}
      what="this permission"
      query={permissionQuery(name)}
      onClose={onClose}
    >
      {(permission) => <EditPermissionForm permission={permission} onClose={onClose} />}
    </EditDialog>
  );
}

function AddPermissionForm({ onClose }: { readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const [left, setLeft] = useState<Error | null>(null);
  const fields = useFields({ name: '', description: '' });
  const { name, description } = fields.values;
  const create = useMutation({
    mutationFn: () => postern.permissions.create(fields.values, { idempotencyKey: attemptKey(fields.values) }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: permissionsQuery.queryKey });
      onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  return (
    <DialogForm
      onSubmit={() => create.mutate()}
      onCancel={onClose}
      pending={create.isPending}
      submit="Create"
      submitting="Creating…"
      error={left}
      command={command('permission create', [name || 'NAME'], { description: description || undefined })}
    >
      <div ref={fields.form} className="stack">
        <TextInput
          label="Name"
          description="noun.verb, like invoices.read"
          {...fields.text('name')}
          autoFocus
          data-autofocus
          autoComplete="off"
          spellCheck={false}
        />
        <Textarea label="Description" maxLength={2000} {...fields.text('description')} />
      </div>
    </DialogForm>
  );
}

interface EditPermissionFormProps {
  readonly permission: Permission;
  readonly onClose: () => void;
}

function EditPermissionForm({ permission, onClose }: EditPermissionFormProps) {
  const queryClient = useQueryClient();
  const fields = useFields(valuesOf(permission));
  const edit = useEdit({
    thing: permission,
    valuesOf,
    fields,
    update,
    read: () => readPermission(permission.name),
    refresh: () => queryClient.invalidateQueries({ queryKey: permissionsQuery.queryKey }),
    onClose,
  });
  if (edit.theirs) {
    return <Conflict what="this permission" mine={factsOf(fields.values)} theirs={factsOf(edit.theirs)} edit={edit} />;
  }
  return (
    <DialogForm
      onSubmit={edit.save}
      onCancel={onClose}
      pending={edit.pending}
      submit="Save"
      submitting="Saving…"
      error={edit.error}
      command={command('permission edit', [permission.name], { description: fields.values.description })}
    >
      <div ref={fields.form}>
        <Textarea label="Description" maxLength={2000} {...fields.text('description')} autoFocus data-autofocus />
      </div>
    </DialogForm>
  );
}

/** What the server answered by itself: it remembers the version of it. */
const answered = new WeakSet<Permission>();

/**
 * One of the list comes without a version, and cannot be read in any other way: it is looked at once more right before it is
 * written over. What was saved here has one, so that it is taken back only where nobody has changed it since.
 */
async function update({ description }: Values, version: Permission): Promise<Permission> {
  const isVersioned = answered.has(version);
  if (!isVersioned) await requireUnchanged(version);
  const saved = await postern.permissions.update(
    version.name,
    { description },
    isVersioned ? { ifMatch: version } : undefined,
  );
  answered.add(saved);
  return saved;
}

async function requireUnchanged({ name, description }: Permission): Promise<void> {
  const now = await readPermission(name);
  if (now.description === description) return;
  throw new PreconditionFailed({
    code: 'precondition.failed',
    status: null,
    title: 'It has changed since it was read',
  });
}

type Values = Pick<Permission, 'description'>;

function valuesOf({ description }: Values): Values {
  return { description };
}

function factsOf({ description }: Values): Facts {
  return { Description: description };
}
