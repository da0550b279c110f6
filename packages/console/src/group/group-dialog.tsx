import { Textarea, TextInput } from '@mantine/core';
import type { Group } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { Conflict, EditDialog, type Facts, useEdit } from '../part/edit-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { type Fields, useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';
import { groupQuery } from './query.ts';

interface GroupValues {
  readonly name: string;
  readonly description: string;
}

export function AddGroupDialog({ opened, onClose }: Shown) {
  return (
    <Dialog opened={opened} title="Add group" onClose={onClose}>
      <AddGroupForm onClose={onClose} />
    </Dialog>
  );
}

export function EditGroupDialog({ groupId, opened, onClose }: Shown & { readonly groupId: string }) {
  return (
    <EditDialog opened={opened} title="Edit group" what="this group" query={groupQuery(groupId)} onClose={onClose}>
      {(group) => <EditGroupForm key={group.id} group={group} onClose={onClose} />}
    </EditDialog>
  );
}

function AddGroupForm({ onClose }: { readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const fields = useFields<GroupValues>({ name: '', description: '' });
  const [left, setLeft] = useState<Error | null>(null);
  const create = useMutation({
    mutationFn: () => postern.groups.create(fields.values, { idempotencyKey: attemptKey(fields.values) }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['groups'] });
      onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  const { name, description } = fields.values;
  return (
    <DialogForm
      onSubmit={() => create.mutate()}
      onCancel={onClose}
      pending={create.isPending}
      submit="Create"
      submitting="Creating…"
      error={left}
      command={command('group create', [name || 'NAME'], { description: description || undefined })}
    >
      <GroupFields fields={fields} />
    </DialogForm>
  );
}

function EditGroupForm({ group, onClose }: { readonly group: Group; readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const fields = useFields(valuesOf(group));
  const edit = useEdit({
    thing: group,
    valuesOf,
    fields,
    update: (values, version) => postern.groups.update(group.id, values, { ifMatch: version }),
    read: () => postern.groups.get(group.id),
    refresh: () => queryClient.invalidateQueries({ queryKey: ['groups'] }),
    onClose,
  });
  if (edit.theirs) {
    return <Conflict what="this group" mine={factsOf(fields.values)} theirs={factsOf(edit.theirs)} edit={edit} />;
  }
  const { name, description } = fields.values;
  return (
    <DialogForm
      onSubmit={edit.save}
      onCancel={onClose}
      pending={edit.pending}
      submit="Save"
      submitting="Saving…"
      error={edit.error}
      command={command('group edit', [group.id], { name, description })}
    >
      <GroupFields fields={fields} />
    </DialogForm>
  );
}

function GroupFields({ fields }: { readonly fields: Fields<GroupValues> }) {
  return (
    <div ref={fields.form} className="stack">
      <TextInput label="Name" maxLength={200} {...fields.text('name')} autoFocus data-autofocus autoComplete="off" />
      <Textarea label="Description" maxLength={2000} {...fields.text('description')} />
    </div>
  );
}

function valuesOf({ name, description }: Group): GroupValues {
  return { name, description };
}

function factsOf({ name, description }: GroupValues): Facts {
  return { Name: name, Description: description };
}
