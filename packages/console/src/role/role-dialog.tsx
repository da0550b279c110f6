import { Button, Checkbox, TextInput } from '@mantine/core';
import type { AccessPreview, Permission, Role } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { Refusal } from '../part/failure.tsx';
import { useFields } from '../part/fields.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { permissionsQuery } from './query.ts';
import classes from './role-dialog.module.css';

interface RoleDialogProps {
  /** The one that is edited; null: a new one. */
  readonly edited: Role | null;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function RoleDialog({ edited, opened, onClose }: RoleDialogProps) {
  return (
    <Dialog opened={opened} title={edited ? 'Edit role' : 'Add role'} onClose={onClose} size={620}>
      <RoleForm edited={edited} onClose={onClose} />
    </Dialog>
  );
}

function RoleForm({ edited: role, onClose }: Omit<RoleDialogProps, 'opened'>) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const [left, setLeft] = useState<Error | null>(null);
  const catalogue = useQuery(permissionsQuery);
  const fields = useFields({ name: role?.name ?? '', permissions: [...(role?.permissions ?? [])] as string[] });
  const { permissions } = fields.values;
  const preview = useMutation({
    mutationFn: () => postern.access.preview([{ kind: 'role', roleId: role?.id ?? '', permissions }]),
  });
  const save = useMutation({
    mutationFn: () =>
      role
        ? postern.roles.update(role.id, fields.values)
        : postern.roles.create(fields.values, { idempotencyKey: attemptKey(fields.values) }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['roles'] });
      onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });

  const changed = permissions.toSorted().join() !== [...(role?.permissions ?? [])].toSorted().join();

  function choose(chosen: string[]): void {
    fields.set('permissions', chosen);
    preview.reset();
  }

  return (
    <DialogForm
      onSubmit={() => save.mutate()}
      onCancel={onClose}
      pending={save.isPending}
      submit={role ? 'Save' : 'Create'}
      submitting={role ? 'Saving…' : 'Creating…'}
      error={left}
      reason={role && !preview.data && changed ? 'Look first who gains and who loses.' : undefined}
    >
      <div ref={fields.form} className="stack">
        <TextInput label="Name" maxLength={200} {...fields.text('name')} data-autofocus autoComplete="off" />
        <Checkbox.Group label="Permissions" value={permissions} onChange={choose} error={fields.errors.permissions}>
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
        {role && (
          <div className="stack-tight">
            <div>
              <Button onClick={() => preview.mutate()} aria-disabled={preview.isPending || undefined}>
                Who gains, who loses?
              </Button>
            </div>
            <div role="status">{preview.data && <Effect preview={preview.data} />}</div>
            <Refusal error={preview.error} />
          </div>
        )}
      </div>
    </DialogForm>
  );
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
