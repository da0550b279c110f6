import { Button, Radio, Textarea, TextInput } from '@mantine/core';
import type { ServiceAccount } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';
import { AddTokenForm } from '../token/add-token-form.tsx';
import { organizationQuery } from '../token/limits.ts';
import { accountTokens } from '../token/resource.ts';
import { TokenValueStep, useShownOnce } from '../token/value-step.tsx';
import { ACCOUNT_ROLES, refreshAccounts } from './query.ts';

interface AddDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Three steps in one dialog: the account, its first token (or none), and that token's value, shown this once. */
export function AddDialog({ opened, onClose }: AddDialogProps) {
  const navigate = useNavigate();
  const [account, setAccount] = useState<ServiceAccount | null>(null);
  const forbidden = useFirstTokenForbidden();
  const once = useShownOnce(() => {
    setAccount(null);
    onClose();
    if (account) {
      void navigate({ to: '/settings/members/service-accounts/$accountId', params: { accountId: account.id } });
    }
  });
  const { shown } = once;

  return (
    <Dialog
      opened={opened}
      title={
        shown ? 'Copy the token' : account ? (forbidden ? 'Created' : 'Add its first token') : 'Add service account'
      }
      onClose={once.close}
      size={520}
    >
      {shown ? (
        <TokenValueStep shown={shown} once={once} />
      ) : account ? (
        <>
          <p role="status" style={{ marginBottom: 16 }}>
            <bdi>{account.displayName}</bdi> was created. {forbidden ?? 'Add its first token.'}
          </p>
          {forbidden === undefined ? (
            <AddTokenForm
              resource={accountTokens(account.id)}
              onIssued={once.show}
              onCancel={once.leave}
              cancel="Skip"
            />
          ) : (
            <div className="row" style={{ justifyContent: 'flex-end' }}>
              <Button variant="filled" onClick={once.leave} autoFocus>
                Done
              </Button>
            </div>
          )}
        </>
      ) : (
        <AccountForm onCreated={setAccount} onCancel={onClose} />
      )}
    </Dialog>
  );
}

/** Why an account that is in no group yet may have no token; undefined: it may. */
function useFirstTokenForbidden(): string | undefined {
  const creation = useQuery(organizationQuery).data?.tokenPolicy.creation ?? 'everyone';
  if (creation === 'everyone') return undefined;
  return creation === 'nobody'
    ? 'The token policy lets nobody have tokens.'
    : 'The token policy lets only members of some groups have tokens: add it to one of them first.';
}

interface AccountFormProps {
  readonly onCreated: (account: ServiceAccount) => void;
  readonly onCancel: () => void;
}

function AccountForm({ onCreated, onCancel }: AccountFormProps) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const [left, setLeft] = useState<Error | null>(null);
  const fields = useFields({
    displayName: '',
    description: '',
    organizationRole: 'member' as ServiceAccount['organizationRole'],
  });
  const { displayName, description, organizationRole } = fields.values;

  const create = useMutation({
    mutationFn: () => postern.serviceAccounts.create(fields.values, { idempotencyKey: attemptKey(fields.values) }),
    async onSuccess(account) {
      onCreated(account);
      await refreshAccounts(queryClient);
    },
    onError: (error) => setLeft(fields.take(error)),
  });

  return (
    <DialogForm
      onSubmit={() => create.mutate()}
      onCancel={onCancel}
      pending={create.isPending}
      submit="Create"
      submitting="Creating…"
      error={left}
      command={command('service-account create', [displayName || 'NAME'], {
        role: organizationRole === 'member' ? undefined : organizationRole,
        description: description || undefined,
      })}
    >
      <div ref={fields.form} className="stack">
        <TextInput
          label="Display name"
          description="Name its use: nightly-import, deploy-production"
          maxLength={200}
          {...fields.text('displayName')}
          autoFocus
          data-autofocus
        />
        <Textarea label="Description" maxLength={2000} {...fields.text('description')} />
        <Radio.Group
          label="Organization role"
          value={organizationRole}
          error={fields.errors.organizationRole}
          onChange={(role) => fields.set('organizationRole', role as ServiceAccount['organizationRole'])}
        >
          <div className="stack" style={{ gap: 8, paddingTop: 6 }}>
            {ACCOUNT_ROLES.map(({ value, label, description }) => (
              <Radio key={value} value={value} label={label} description={description} />
            ))}
          </div>
        </Radio.Group>
      </div>
    </DialogForm>
  );
}
