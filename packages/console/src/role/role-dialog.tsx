import { Button, Checkbox, TextInput } from '@mantine/core';
import type { AccessPreview, Permission, Role } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { Conflict, EditDialog, type Facts, useEdit } from '../part/edit-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { Refusal } from '../part/failure.tsx';
import { type Fields, useFields } from '../part/fields.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { permissionsQuery, roleQuery } from './query.ts';
import classes from './role-dialog.module.css';

interface RoleValues {
  readonly name: string;
  readonly permissions: readonly string[];
}

const WIDTH = 620;

export function AddRoleDialog({ opened, onClose }: Shown) {
  return (
    <Dialog opened={opened} title="Add role" onClose={onClose} size={WIDTH}>
      <AddRoleForm onClose={onClose} />
    </Dialog>
  );
}

export function EditRoleDialog({ roleId, opened, onClose }: Shown & { readonly roleId: string }) {
  return (
    <EditDialog
      opened={opened}
      title="Edit role"
      what="this role"
      query={roleQuery(roleId)}
      onClose={onClose}
      size={WIDTH}
    >
      {(role) => <EditRoleForm key={role.id} role={role} onClose={onClose} />}
    </EditDialog>
  );
}

function AddRoleForm({ onClose }: { readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const [left, setLeft] = useState<Error | null>(null);
  const fields = useFields<RoleValues>({ name: '', permissions: [] });
  const create = useMutation({
    mutationFn: () => postern.roles.create(inputOf(fields.values), { idempotencyKey: attemptKey(fields.values) }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['roles'] });
      onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  const { name, permissions } = fields.values;
  return (
    <DialogForm
      onSubmit={() => create.mutate()}
      onCancel={onClose}
      pending={create.isPending}
      submit="Create"
      submitting="Creating…"
      error={left}
      command={command('role create', [name || 'NAME'], { permission: permissions.join(',') || 'NAME' })}
    >
      <div ref={fields.form} className="stack">
        <RoleFields fields={fields} onChange={() => undefined} />
      </div>
    </DialogForm>
  );
}

function EditRoleForm({ role, onClose }: { readonly role: Role; readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const fields = useFields(valuesOf(role));
  const { name, permissions } = fields.values;
  const preview = useMutation({
    mutationFn: () =>
      postern.access.preview([{ kind: 'role', roleId: role.id, permissions: [...fields.values.permissions] }]),
  });
  const edit = useEdit({
    thing: role,
    valuesOf,
    fields,
    update: (values, version) => postern.roles.update(role.id, inputOf(values), { ifMatch: version }),
    read: () => postern.roles.get(role.id),
    refresh: () => queryClient.invalidateQueries({ queryKey: ['roles'] }),
    onClose,
  });
  if (edit.theirs) {
    return <Conflict what="this role" mine={factsOf(fields.values)} theirs={factsOf(edit.theirs)} edit={edit} />;
  }
  const changed = permissions.toSorted().join() !== role.permissions.toSorted().join();
  return (
    <DialogForm
      onSubmit={edit.save}
      onCancel={onClose}
      pending={edit.pending}
      submit="Save"
      submitting="Saving…"
      error={edit.error}
      reason={!preview.data && changed ? 'Look first who gains and who loses.' : undefined}
      command={command('role edit', [role.id], {
        name,
        permission: changed && permissions.length > 0 ? permissions.join(',') : undefined,
        'without-permissions': (changed && permissions.length === 0) || undefined,
      })}
    >
      <div ref={fields.form} className="stack">
        <RoleFields fields={fields} onChange={preview.reset} />
        <div className="stack-tight">
          <div>
            <Button onClick={() => preview.mutate()} aria-disabled={preview.isPending || undefined}>
              Who gains, who loses?
            </Button>
          </div>
          <div role="status">{preview.data && <Effect preview={preview.data} />}</div>
          <Refusal error={preview.error} />
        </div>
      </div>
    </DialogForm>
  );
}

interface RoleFieldsProps {
  readonly fields: Fields<RoleValues>;
  /** The permissions have changed. */
  readonly onChange: () => void;
}

function RoleFields({ fields, onChange }: RoleFieldsProps) {
  const catalogue = useQuery(permissionsQuery);
  return (
    <>
      <TextInput label="Name" maxLength={200} {...fields.text('name')} autoFocus data-autofocus autoComplete="off" />
      <Checkbox.Group
        label="Permissions"
        value={[...fields.values.permissions]}
        onChange={(chosen) => {
          fields.set('permissions', chosen);
          onChange();
        }}
        error={fields.errors.permissions}
      >
        <div className={classes.nouns}>
          {byNoun(catalogue.data ?? []).map(([noun, those]) => (
            <fieldset key={noun}>
              <legend className="meta">{noun}</legend>
              {those.map(({ name, description }) => (
                <Checkbox key={name} value={name} label={name} description={description} size="xs" />
              ))}
            </fieldset>
          ))}
        </div>
      </Checkbox.Group>
    </>
  );
}

function valuesOf({ name, permissions }: Role): RoleValues {
  return { name, permissions };
}

function inputOf({ name, permissions }: RoleValues) {
  return { name, permissions: [...permissions] };
}

function factsOf({ name, permissions }: RoleValues): Facts {
  return { Name: name, Permissions: permissions.toSorted() };
}

/** Permissions that workspace roles can hold, together by what they are about. */
function byNoun(permissions: readonly Permission[]): [string, Permission[]][] {
  const nouns = new Map<string, Permission[]>();
  for (const permission of permissions) {
    if (permission.scope !== 'workspace') continue;
    const [noun = ''] = permission.name.split('.');
    nouns.set(noun, [...(nouns.get(noun) ?? []), permission]);
  }
  return [...nouns];
}

function Effect({ preview: { items, complete } }: { readonly preview: AccessPreview }) {
  if (items.length === 0) return <p className="muted">Nobody gains or loses anything.</p>;
  return (
    <ul className={classes.effect}>
      {items.slice(0, 20).map(({ principal, gains, losses }) => (
        <li key={principal.id}>
          <bdi>{principal.displayName}</bdi>{' '}
          {[gains.length > 0 && `gains ${placed(gains)}`, losses.length > 0 && `loses ${placed(losses)}`]
            .filter(Boolean)
            .join('; ')}
        </li>
      ))}
      {items.length > 20 && <li>and {counted(items.length - 20, 'other', 'others')}</li>}
      {!complete && <li>More are touched than were looked at.</li>}
    </ul>
  );
}

function placed(changes: AccessPreview['items'][number]['gains']): string {
  const names = changes.slice(0, 4).map(({ permission, where }) => `${permission} in ${where.name}`);
  return `${names.join(', ')}${changes.length > 4 ? ` and ${changes.length - 4} more` : ''}`;
}
