import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Refusal } from '../part/failure.tsx';
import { useFields } from '../part/fields.ts';
import { exactTime } from '../part/time.tsx';
import { postern } from '../postern.ts';
import { forgetEverything } from './forget.ts';
import { Frame } from './frame.tsx';
import { useLinkCode } from './link-code.ts';
import { NewPasswordHint } from './password-hint.tsx';

/** Where a link that invites leads: it fixes the e-mail, and names the organization. */
export function InvitationPage() {
  const code = useLinkCode();
  const facts = useQuery({
    queryKey: ['invitation', code],
    queryFn: ({ signal }) => postern.invitations.inspect(code, { signal }),
    enabled: code !== '',
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });
  if (code === '' || facts.error) {
    return (
      <Frame title="This invitation does not work">
        {facts.error ? (
          <Refusal error={facts.error} />
        ) : (
          <p>The link is not whole. Copy all of it, with what follows the #.</p>
        )}
        <p>
          It may have been used or withdrawn, or be older than 7 days. Ask whoever invited you for a new one, or{' '}
          <Link to="/sign-in" search={{}}>
            sign in
          </Link>{' '}
          if you have joined already.
        </p>
      </Frame>
    );
  }
  if (!facts.data) return <Frame title="Invitation">{null}</Frame>;
  return <JoinForm invitation={code} {...facts.data} />;
}

interface JoinFormProps {
  readonly invitation: string;
  readonly email: string;
  readonly organization: string;
  readonly expiresAt: string;
}

function JoinForm({ invitation, email, organization, expiresAt }: JoinFormProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const fields = useFields({ name: '', password: '' });
  const [left, setLeft] = useState<Error | null>(null);
  const join = useMutation({
    async mutationFn() {
      const { signedIn } = await postern.invitations.accept({ invitation, ...fields.values });
      if (!signedIn) await postern.signIn.withPassword({ email, password: fields.values.password });
    },
    async onSuccess() {
      forgetEverything(queryClient);
      await navigate({ to: '/', replace: true });
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  return (
    <Frame title={`Join ${organization}`}>
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!join.isPending) join.mutate();
        }}
      >
        <div ref={fields.form} className="stack">
          <TextInput label="E-mail" value={email} readOnly autoComplete="username" />
          <TextInput label="Your name" autoComplete="name" {...fields.text('name')} autoFocus />
          <PasswordInput
            label="Password"
            description={<NewPasswordHint />}
            autoComplete="new-password"
            {...fields.text('password')}
            visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
          />
        </div>
        <Refusal error={left} />
        <div className="row">
          <Button type="submit" variant="filled" aria-disabled={join.isPending || undefined}>
            {join.isPending ? 'Joining…' : 'Join'}
          </Button>
        </div>
        <p className="meta">The invitation works once, until {exactTime(expiresAt)}.</p>
      </form>
    </Frame>
  );
}
