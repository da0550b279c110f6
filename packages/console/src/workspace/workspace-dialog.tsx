import { Textarea, TextInput } from '@mantine/core';
import type { Workspace } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { Conflict, EditDialog, type Facts, useEdit } from '../part/edit-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { type Fields, useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';
import { workspaceQuery } from './query.ts';

interface WorkspaceValues {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
}

export function AddWorkspaceDialog({ opened, onClose }: Shown) {
  return (
    <Dialog opened={opened} title="Add workspace" onClose={onClose}>
      <AddWorkspaceForm onClose={onClose} />
    </Dialog>
  );
}

export function EditWorkspaceDialog({ workspaceId, opened, onClose }: Shown & { readonly workspaceId: string }) {
  return (
    <EditDialog
      opened={opened}
      title="Edit workspace"
      what="this workspace"
      query={workspaceQuery(workspaceId)}
      onClose={onClose}
    >
      {(workspace) => <EditWorkspaceForm key={workspace.id} workspace={workspace} onClose={onClose} />}
    </EditDialog>
  );
}

function AddWorkspaceForm({ onClose }: { readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const [left, setLeft] = useState<Error | null>(null);
  const fields = useFields<WorkspaceValues>({ name: '', displayName: '', description: '' });
  const { name, displayName, description } = fields.values;
  const input = inputOf(fields.values);
  const create = useMutation({
    mutationFn: () => postern.workspaces.create(input, { idempotencyKey: attemptKey(input) }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['workspaces'] });
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
      command={command('workspace create', [name || 'NAME'], {
        title: displayName || undefined,
        description: description || undefined,
      })}
    >
      <WorkspaceFields fields={fields} />
    </DialogForm>
  );
}

interface EditWorkspaceFormProps {
  readonly workspace: Workspace;
  readonly onClose: () => void;
}

function EditWorkspaceForm({ workspace, onClose }: EditWorkspaceFormProps) {
  const queryClient = useQueryClient();
  const fields = useFields(valuesOf(workspace));
  const edit = useEdit({
    thing: workspace,
    valuesOf,
    fields,
    update: (values, version) => postern.workspaces.update(workspace.id, inputOf(values), { ifMatch: version }),
    read: () => postern.workspaces.get(workspace.id),
    refresh: () => queryClient.invalidateQueries({ queryKey: ['workspaces'] }),
    onClose,
  });
  if (edit.theirs) {
    return <Conflict what="this workspace" mine={factsOf(fields.values)} theirs={factsOf(edit.theirs)} edit={edit} />;
  }
  const { name, displayName: title, description } = inputOf(fields.values);
  return (
    <DialogForm
      onSubmit={edit.save}
      onCancel={onClose}
      pending={edit.pending}
      submit="Save"
      submitting="Saving…"
      error={edit.error}
      command={command('workspace edit', [workspace.id], { name, title, description })}
    >
      <WorkspaceFields fields={fields} />
    </DialogForm>
  );
}

function WorkspaceFields({ fields }: { readonly fields: Fields<WorkspaceValues> }) {
  return (
    <div ref={fields.form} className="stack">
      <TextInput
        label="Name"
        description="Letters, digits, - and _; programs address it by this name"
        maxLength={200}
        {...fields.text('name')}
        autoFocus
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
  );
}

function valuesOf({ name, displayName, description }: Workspace): WorkspaceValues {
  return { name, displayName, description };
}

/** As the API takes it: without a name for people, it has the one for programs. */
function inputOf({ name, displayName, description }: WorkspaceValues): WorkspaceValues {
  return { name, displayName: displayName.trim() === '' ? name : displayName, description };
}

function factsOf({ name, displayName, description }: WorkspaceValues): Facts {
  return { Name: name, 'Display name': displayName, Description: description };
}
