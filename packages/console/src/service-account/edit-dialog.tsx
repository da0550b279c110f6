import { Button, Select, Textarea, TextInput } from '@mantine/core';
import { PreconditionFailed, type ServiceAccount } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { Failure } from '../part/failure.tsx';
import { useFields } from '../part/fields.ts';
import { say } from '../part/toast.ts';
import { postern } from '../postern.ts';
import { ACCOUNT_ROLES, accountQuery, refreshAccounts, roleLabel } from './query.ts';

interface EditDialogProps {
  readonly account: ServiceAccount;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Name, description and role. The version that the form began with goes along, so that nobody overwrites unseen. */
export function EditDialog({ account, opened, onClose }: EditDialogProps) {
  // The version that is edited is the one that was read for it, not a newer one that arrives meanwhile.
  const read = useQuery({
    ...accountQuery(account.id),
    enabled: opened,
    refetchInterval: false,
    refetchOnWindowFocus: false,
    staleTime: 0,
  });
  return (
    <Dialog opened={opened} title="Edit service account" onClose={onClose}>
      {read.data ? (
        <EditForm key={account.id} account={read.data} onClose={onClose} />
      ) : (
        read.error && <Failure what="this account" error={read.error} retry={read.refetch} />
      )}
    </Dialog>
  );
}

function EditForm({ account, onClose }: { readonly account: ServiceAccount; readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const [base, setBase] = useState(account);
  const [theirs, setTheirs] = useState<ServiceAccount | null>(null);
  const { displayName, description, organizationRole } = account;
  const fields = useFields({ displayName, description, organizationRole });
  const [left, setLeft] = useState<Error | null>(null);

  const update = useMutation({
    mutationFn: (version: ServiceAccount) =>
      postern.serviceAccounts.update(account.id, fields.values, { ifMatch: version }),
    async onSuccess(updated) {
      await refreshAccounts(queryClient);
      onClose();
      if (updated.displayName !== base.displayName) say('Renamed.');
      else say('Saved.');
    },
    async onError(error) {
      if (error instanceof PreconditionFailed) setTheirs(await postern.serviceAccounts.get(account.id));
      else setLeft(fields.take(error));
    },
  });

  if (theirs) {
    return (
      <div className="stack" role="alert">
        <p>Somebody changed this account while you were editing it.</p>
        <Comparison mine={fields.values} theirs={theirs} />
        <div className="row">
          <Button
            onClick={() => {
              setBase(theirs);
              setTheirs(null);
              update.mutate(theirs);
            }}
          >
            Keep mine
          </Button>
          <Button
            variant="filled"
            onClick={async () => {
              await refreshAccounts(queryClient);
              onClose();
            }}
          >
            Take theirs
          </Button>
        </div>
      </div>
    );
  }
  return (
    <DialogForm
      onSubmit={() => update.mutate(base)}
      onCancel={onClose}
      pending={update.isPending}
      submit="Save"
      submitting="Saving…"
      error={left}
    >
      <div ref={fields.form} className="stack">
        <TextInput label="Display name" {...fields.text('displayName')} data-autofocus />
        <Textarea label="Description" {...fields.text('description')} />
        <Select
          label="Organization role"
          data={ACCOUNT_ROLES.map(({ value, label }) => ({ value, label }))}
          value={fields.values.organizationRole}
          error={fields.errors.organizationRole}
          allowDeselect={false}
          onChange={(role) => role && fields.set('organizationRole', role as ServiceAccount['organizationRole'])}
        />
      </div>
    </DialogForm>
  );
}

interface Editable {
  readonly displayName: string;
  readonly description: string;
  readonly organizationRole: string;
}

function Comparison({ mine, theirs }: { readonly mine: Editable; readonly theirs: Editable }) {
  const rows = [
    ['Display name', mine.displayName, theirs.displayName],
    ['Description', mine.description, theirs.description],
    ['Organization role', roleLabel(mine.organizationRole), roleLabel(theirs.organizationRole)],
  ] as const;
  return (
    <table>
      <thead>
        <tr className="meta">
          <th scope="col"> </th>
          <th scope="col">Yours</th>
          <th scope="col">Theirs</th>
        </tr>
      </thead>
      <tbody>
        {rows
          .filter(([, a, b]) => a !== b)
          .map(([label, a, b]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>
                <bdi>{a || '—'}</bdi>
              </td>
              <td>
                <bdi>{b || '—'}</bdi>
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
