import { Button, PasswordInput, TextInput } from '@mantine/core';
import { PosternError } from '@postern/sdk';
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

/** The first run: whoever opens the link that the first start printed becomes the first admin. */
export function SetUpPage() {
  const code = useLinkCode();
  const facts = useQuery({
    queryKey: ['setup', code],
    queryFn: ({ signal }) => postern.setup.inspect(code, { signal }),
    enabled: code !== '',
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });
  if (code === '' || (facts.error instanceof PosternError && facts.error.code === 'setup.link_invalid')) {
    return (
      <Frame title="Set up Postern">
        <p role="alert">
          {code === ''
            ? 'The link is not whole: copy all of it, with what follows the #.'
            : 'This link was already used, or is older than an hour.'}{' '}
          Run <code>postern setup-link</code> on the server for a new one.
        </p>
        <p>
          <Link to="/sign-in" search={{}}>
            Sign in
          </Link>{' '}
          if this server is set up already.
        </p>
      </Frame>
    );
  }
  if (!facts.data) {
    return (
      <Frame title="Set up Postern">
        <Refusal error={facts.error} />
      </Frame>
    );
  }
  return <SetUpForm code={code} organization={facts.data.organization.name} expiresAt={facts.data.expiresAt} />;
}

interface SetUpFormProps {
  readonly code: string;
  readonly organization: string;
  readonly expiresAt: string;
}

function SetUpForm({ code, organization, expiresAt }: SetUpFormProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [left, setLeft] = useState<Error | null>(null);
  const [done, setDone] = useState(false);
  const fields = useFields({ organizationName: organization, displayName: '', email: '', password: '' });
  const create = useMutation({
    async mutationFn() {
      const { email, password } = fields.values;
      const { signedIn } = await postern.setup.complete({ code, ...fields.values });
      if (!signedIn) await postern.signIn.withPassword({ email, password });
    },
    onSuccess: () => setDone(true),
    onError: (error) => setLeft(fields.take(error)),
  });

  async function goOn(to: '/' | '/settings/security'): Promise<void> {
    forgetEverything(queryClient);
    await navigate({ to, replace: true });
  }

  if (done) {
    return (
      <Frame title={`${fields.values.organizationName} is set up`}>
        <p role="status">You are its first admin, and signed in. A second step makes the sign-in safer.</p>
        <div className="row">
          <Button variant="filled" onClick={() => goOn('/settings/security')}>
            Set up two-step sign-in
          </Button>
          <Button onClick={() => goOn('/')}>Later</Button>
        </div>
      </Frame>
    );
  }
  return (
    <Frame title="Set up Postern">
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!create.isPending) create.mutate();
        }}
      >
        <div ref={fields.form} className="stack">
          <TextInput
            label="Organization name"
            maxLength={200}
            autoComplete="organization"
            {...fields.text('organizationName')}
            autoFocus
          />
          <TextInput label="Your name" maxLength={200} autoComplete="name" {...fields.text('displayName')} />
          <TextInput label="E-mail" type="email" autoComplete="username" {...fields.text('email')} />
          <PasswordInput
            label="Password"
            description={<NewPasswordHint />}
            autoComplete="new-password"
            {...fields.text('password')}
            visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
          />
        </div>
        <Refusal error={left} />
        <div>
          <Button type="submit" variant="filled" aria-disabled={create.isPending || undefined}>
            {create.isPending ? 'Creating…' : 'Create organization'}
          </Button>
        </div>
        <p className="meta">The link works once, until {exactTime(expiresAt)}.</p>
      </form>
    </Frame>
  );
}
