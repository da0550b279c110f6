import { Select, Textarea, TextInput } from '@mantine/core';
import type { ServiceAccount } from '@postern/sdk';
import { useQueryClient } from '@tanstack/react-query';
import { command } from '../part/command.ts';
import { DialogForm } from '../part/dialog.tsx';
import { Conflict, EditDialog as Edit, type Facts, useEdit } from '../part/edit-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';
import { ACCOUNT_ROLES, accountQuery, refreshAccounts, roleLabel } from './query.ts';

/** Name, description and role. */
export function EditDialog({ account, opened, onClose }: Shown & { readonly account: ServiceAccount }) {
  return (
    <Edit
      opened={opened}
      title="Edit service account"
      what="this account"
      query={accountQuery(account.id)}
      onClose={onClose}
    >
      {(read) => <EditForm key={read.id} account={read} onClose={onClose} />}
    </Edit>
  );
}

function EditForm({ account, onClose }: { readonly account: ServiceAccount; readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const fields = useFields(valuesOf(account));
  const edit = useEdit({
    thing: account,
    valuesOf,
    fields,
    update: (values, version) => postern.serviceAccounts.update(account.id, values, { ifMatch: version }),
    read: () => postern.serviceAccounts.get(account.id),
    refresh: () => refreshAccounts(queryClient),
    onClose,
  });
  if (edit.theirs) {
    return <Conflict what="this account" mine={factsOf(fields.values)} theirs={factsOf(edit.theirs)} edit={edit} />;
  }
  const { displayName, description, organizationRole } = fields.values;
  return (
    <DialogForm
      onSubmit={edit.save}
      onCancel={onClose}
      pending={edit.pending}
      submit="Save"
      submitting="Saving…"
      error={edit.error}
      command={command('service-account edit', [account.id], {
        name: displayName,
        role: organizationRole,
        description,
      })}
    >
      <div ref={fields.form} className="stack">
        <TextInput label="Display name" maxLength={200} {...fields.text('displayName')} autoFocus data-autofocus />
        <Textarea label="Description" maxLength={2000} {...fields.text('description')} />
        <Select
          label="Organization role"
          data={ACCOUNT_ROLES.map(({ value, label }) => ({ value, label }))}
          value={organizationRole}
          error={fields.errors.organizationRole}
          allowDeselect={false}
          onChange={(role) => role && fields.set('organizationRole', role as ServiceAccount['organizationRole'])}
        />
      </div>
    </DialogForm>
  );
}

type Values = Pick<ServiceAccount, 'displayName' | 'description' | 'organizationRole'>;

function valuesOf({ displayName, description, organizationRole }: ServiceAccount): Values {
  return { displayName, description, organizationRole };
}

function factsOf({ displayName, description, organizationRole }: Values): Facts {
  return { 'Display name': displayName, Description: description, 'Organization role': roleLabel(organizationRole) };
}
