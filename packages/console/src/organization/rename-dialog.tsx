import { TextInput } from '@mantine/core';
import type { Organization } from '@postern/sdk';
import { useQueryClient } from '@tanstack/react-query';
import { command } from '../part/command.ts';
import { DialogForm } from '../part/dialog.tsx';
import { Conflict, EditDialog, type Facts, useEdit } from '../part/edit-dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';
import { organizationQuery } from '../token/limits.ts';
import { refreshOrganization } from './refresh.ts';

export function RenameDialog({ opened, onClose }: Shown) {
  return (
    <EditDialog
      opened={opened}
      title="Rename the organization"
      what="the organization"
      query={organizationQuery}
      onClose={onClose}
      size={420}
    >
      {(organization) => <RenameForm organization={organization} onClose={onClose} />}
    </EditDialog>
  );
}

interface RenameFormProps {
  readonly organization: Organization;
  readonly onClose: () => void;
}

function RenameForm({ organization, onClose }: RenameFormProps) {
  const queryClient = useQueryClient();
  const fields = useFields(valuesOf(organization));
  const edit = useEdit({
    thing: organization,
    valuesOf,
    fields,
    update: (values, version) => postern.organization.update(values, { ifMatch: version }),
    read: () => postern.organization.get(),
    refresh: () => refreshOrganization(queryClient),
    onClose,
  });
  if (edit.theirs) {
    return <Conflict what="the organization" mine={factsOf(fields.values)} theirs={factsOf(edit.theirs)} edit={edit} />;
  }
  return (
    <DialogForm
      onSubmit={edit.save}
      onCancel={onClose}
      pending={edit.pending}
      submit="Rename"
      submitting="Renaming…"
      error={edit.error}
      command={command('organization edit', [], { name: fields.values.name })}
    >
      <div ref={fields.form}>
        <TextInput label="Name" maxLength={200} {...fields.text('name')} autoFocus data-autofocus autoComplete="off" />
      </div>
    </DialogForm>
  );
}

type Values = Pick<Organization, 'name'>;

function valuesOf({ name }: Values): Values {
  return { name };
}

function factsOf({ name }: Values): Facts {
  return { Name: name };
}
