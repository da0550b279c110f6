import { Button, PasswordInput, TextInput } from '@mantine/core';
import type { TwoStepSecret } from '@postern/sdk';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { renderSVG } from 'uqr';
import { command } from '../part/command.ts';
import { Copy } from '../part/copy.tsx';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { Pending } from '../part/pending.tsx';
import { Off, On } from '../part/state.tsx';
import { say } from '../part/toast.ts';
import { postern, signIn } from '../postern.ts';
import { Section } from '../shell/page.tsx';

const ONLY_HERE = 'None: a second step is set up by whoever it belongs to, signed in, with the app at hand.';

/** A code of an authenticator app, beside the password. */
export function TwoStepSection() {
  const [asked, setAsked] = useState<'enable' | 'disable' | null>(null);
  const own = useQuery(ownSignInQuery);
  return (
    <Section label="Two-step sign-in" hint="A code of an authenticator app, beside the password">
      <Pending what="how you sign in" query={own} />
      {own.data && (
        <div className="row">
          {own.data.twoStep ? <On /> : <Off />}
          {own.data.twoStep ? (
            <Button onClick={() => setAsked('disable')}>Switch off</Button>
          ) : (
            <Button onClick={() => setAsked('enable')}>Set up two-step sign-in</Button>
          )}
        </div>
      )}
      <Dialog opened={asked === 'enable'} title="Set up two-step sign-in" onClose={() => setAsked(null)}>
        <Enable onDone={() => setAsked(null)} />
      </Dialog>
      <Dialog opened={asked === 'disable'} title="Switch off two-step sign-in" onClose={() => setAsked(null)}>
        <Disable onDone={() => setAsked(null)} />
      </Dialog>
    </Section>
  );
}

const ownSignInQuery = queryOptions({
  queryKey: ['me', 'sign-in'],
  queryFn: ({ signal }) => postern.me.signIn({ signal }),
});

/** Password, then the secret and a first code of it. */
function Enable({ onDone }: { readonly onDone: () => void }) {
  const [password, setPassword] = useState('');
  const enable = useMutation({ mutationFn: () => signIn.enableTwoStep(password) });
  if (enable.data) return <Confirm secret={enable.data} onDone={onDone} />;
  return (
    <DialogForm
      onSubmit={() => enable.mutate()}
      onCancel={onDone}
      pending={enable.isPending}
      submit="Continue"
      submitting="Preparing…"
      error={enable.error}
      command={null}
      commandNote={ONLY_HERE}
    >
      <OwnPassword value={password} onChange={setPassword} />
    </DialogForm>
  );
}

function Confirm({ secret, onDone }: { readonly secret: TwoStepSecret; readonly onDone: () => void }) {
  const queryClient = useQueryClient();
  const [code, setCode] = useState('');
  const key = new URL(secret.totpUri).searchParams.get('secret') ?? '';
  const verify = useMutation({
    mutationFn: () => signIn.verifyCode('totp', code.replaceAll(/\s/g, '')),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ownSignInQuery.queryKey });
      onDone();
      say('Two-step sign-in is on. It is asked for from the next sign-in.');
    },
  });
  return (
    <DialogForm
      onSubmit={() => verify.mutate()}
      onCancel={onDone}
      pending={verify.isPending}
      submit="Turn on"
      submitting="Checking…"
      error={verify.error}
      command={null}
      commandNote={ONLY_HERE}
    >
      <p>Scan this with an authenticator app, or enter the key by hand.</p>
      <img
        src={`data:image/svg+xml,${encodeURIComponent(renderSVG(secret.totpUri))}`}
        width={180}
        height={180}
        alt="QR code of the key"
      />
      <span className="row" style={{ gap: 2, flexWrap: 'nowrap', overflowWrap: 'anywhere' }}>
        <code>{key}</code>
        <Copy text={key} label="Copy the key" />
      </span>
      <div>
        <strong>Backup codes.</strong> Each works once in place of a code. They are not shown again.{' '}
        <Copy text={secret.backupCodes.join('\n')} label="Copy the backup codes" />
        <ul style={{ columns: 2, maxWidth: 280 }}>
          {secret.backupCodes.map((backupCode) => (
            <li key={backupCode}>
              <code>{backupCode}</code>
            </li>
          ))}
        </ul>
      </div>
      <TextInput
        label="Code"
        description="Six digits, from the app; then it is on"
        inputMode="numeric"
        autoComplete="one-time-code"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        data-autofocus
      />
    </DialogForm>
  );
}

function Disable({ onDone }: { readonly onDone: () => void }) {
  const queryClient = useQueryClient();
  const [password, setPassword] = useState('');
  const disable = useMutation({
    mutationFn: () => signIn.disableTwoStep(password),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ownSignInQuery.queryKey });
      onDone();
      say('Two-step sign-in is off.');
    },
  });
  return (
    <DialogForm
      onSubmit={() => disable.mutate()}
      onCancel={onDone}
      pending={disable.isPending}
      submit="Switch off"
      submitting="Switching off…"
      tone="brick"
      error={disable.error}
      command={command('member reset-password', ['EMAIL'], { 'without-second-step': true })}
      commandNote="For the operator, on the machine of the server, in a lock-out: it makes a new password, too."
    >
      <OwnPassword value={password} onChange={setPassword} />
    </DialogForm>
  );
}

function OwnPassword({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }) {
  return (
    <PasswordInput
      label="Your password"
      autoComplete="current-password"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data-autofocus
      visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
    />
  );
}
