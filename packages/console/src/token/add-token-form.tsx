import { Textarea, TextInput } from '@mantine/core';
import type { Restrictions } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { command } from '../part/command.ts';
import { DialogForm } from '../part/dialog.tsx';
import { useFields } from '../part/fields.ts';
import { type Expiry, ExpiryField, expiryError, expiryFlag, expiryTime, firstExpiry } from './expiry-field.tsx';
import { useExpiryLimits } from './limits.ts';
import { ownerFlags, refreshTokens, type TokenResource } from './resource.ts';
import { parseRestrictions, RestrictionsField, type RestrictionsText, UNRESTRICTED } from './restrictions-field.tsx';
import { type ShownValue, showOnce } from './shown-value.ts';

interface AddTokenFormProps {
  readonly resource: TokenResource;
  readonly onIssued: (shown: ShownValue) => void;
  readonly onCancel: () => void;
  readonly cancel?: string;
}

interface TokenFields extends RestrictionsText {
  readonly name: string;
  readonly description: string;
  /** Undefined until somebody chooses: the policy may still be on its way. */
  readonly expiresAt: Expiry | undefined;
}

export function AddTokenForm({ resource, onIssued, onCancel, cancel = 'Cancel' }: AddTokenFormProps) {
  const queryClient = useQueryClient();
  const attemptKey = useAttemptKey();
  const limits = useExpiryLimits(resource);
  const [left, setLeft] = useState<Error | null>(null);
  const fields = useFields<TokenFields>({
    name: '',
    description: '',
    expiresAt: undefined,
    ...UNRESTRICTED,
  });
  const { name, description } = fields.values;
  const expiry = fields.values.expiresAt ?? firstExpiry(limits);

  const create = useMutation({
    mutationFn: async (input: TokenBody) =>
      // The instant moves while one waits; what was chosen is what makes it the same attempt.
      showOnce(await resource.create(input, { idempotencyKey: attemptKey(input) })),
    async onSuccess(shown) {
      onIssued(shown);
      await refreshTokens(queryClient, resource);
    },
    onError: (error, { restrictions }) => setLeft(fields.take(error, restrictions ?? {})),
  });
  // Its answer is the only one that holds the value.
  useBlocker({ shouldBlockFn: () => true, enableBeforeUnload: true, disabled: !create.isPending });

  const [chosen, setChosen] = useState<{ readonly expiry: Expiry; readonly at: string | null } | null>(null);

  function submit(): void {
    const problem = expiryError(expiry);
    if (problem) {
      fields.fail({ expiresAt: problem });
      return;
    }
    // A retry of the same choice sends the same instant, so that it is the same request.
    const at = chosen && chosen.expiry === expiry ? chosen.at : (expiryTime(expiry, limits) ?? null);
    setChosen({ expiry, at });
    if (fields.values.expiresAt === undefined) fields.set('expiresAt', expiry);
    setLeft(null);
    create.mutate({ name, description, expiresAt: at, restrictions: parseRestrictions(fields.values) });
  }

  return (
    <DialogForm
      onSubmit={submit}
      onCancel={onCancel}
      cancel={cancel}
      pending={create.isPending}
      submit="Add"
      submitting="Adding…"
      error={left}
      command={asCommand(resource, fields.values, expiry)}
    >
      <div ref={fields.form} className="stack">
        <TextInput label="Name" maxLength={200} {...fields.text('name')} autoFocus data-autofocus autoComplete="off" />
        <Textarea
          label="Description"
          description="What uses it and where it is stored"
          maxLength={2000}
          {...fields.text('description')}
        />
        <ExpiryField
          value={expiry}
          onChange={(value) => fields.set('expiresAt', value)}
          limits={limits}
          error={fields.errors.expiresAt}
        />
        <RestrictionsField value={fields.values} onChange={fields.set} errors={fields.errors} />
      </div>
    </DialogForm>
  );
}

interface TokenBody {
  readonly name: string;
  readonly description: string;
  readonly expiresAt: string | null;
  readonly restrictions: Restrictions | null;
}

function asCommand(resource: TokenResource, fields: TokenFields, expiry: Expiry): string {
  const { name, description, permissions, workspaces, networks } = fields;
  return command('token create', [name || 'NAME'], {
    ...ownerFlags(resource),
    expires: expiryFlag(expiry),
    description: description || undefined,
    permission: permissions,
    workspace: workspaces,
    network: networks,
    pipe: 'gh secret set POSTERN_TOKEN',
  });
}
