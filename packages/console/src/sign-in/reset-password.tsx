import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Refusal } from '../part/failure.tsx';
import { useFields } from '../part/fields.ts';
import { signIn } from '../postern.ts';
import { Frame } from './frame.tsx';
import { useLinkCode } from './link-code.ts';
import { NewPasswordHint } from './password-hint.tsx';

/** Where a mailed link leads; without one, where such a link is asked for. */
export function ResetPasswordPage() {
  const token = useLinkCode();
  return token === '' ? <AskForm /> : <NewPasswordForm token={token} />;
}

function AskForm() {
  const [email, setEmail] = useState('');
  const ask = useMutation({ mutationFn: () => signIn.requestPasswordReset(email) });
  return (
    <Frame title="Reset your password">
      {ask.isSuccess ? (
        <p role="status">If somebody signs in with this e-mail, a link is on its way. It works once, within an hour.</p>
      ) : (
        <form
          className="stack"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (!ask.isPending) ask.mutate();
          }}
        >
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoFocus
          />
          <Refusal error={ask.error} />
          <div>
            <Button type="submit" variant="filled" aria-disabled={ask.isPending || undefined}>
              {ask.isPending ? 'Sending…' : 'Send a link'}
            </Button>
          </div>
        </form>
      )}
      <BackToSignIn />
    </Frame>
  );
}

function NewPasswordForm({ token }: { readonly token: string }) {
  const fields = useFields({ newPassword: '' });
  const [left, setLeft] = useState<Error | null>(null);
  const reset = useMutation({
    mutationFn: () => signIn.resetPassword({ token, ...fields.values }),
    onError: (error) => setLeft(fields.take(error)),
  });
  return (
    <Frame title="Choose a new password">
      {reset.isSuccess ? (
        <p role="status">Your password has changed, and all your sessions have ended.</p>
      ) : (
        <form
          className="stack"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (!reset.isPending) reset.mutate();
          }}
        >
          <div ref={fields.form}>
            <PasswordInput
              label="New password"
              description={<NewPasswordHint />}
              autoComplete="new-password"
              {...fields.text('newPassword')}
              visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
              autoFocus
            />
          </div>
          <Refusal error={left} />
          <div>
            <Button type="submit" variant="filled" aria-disabled={reset.isPending || undefined}>
              {reset.isPending ? 'Changing…' : 'Change password'}
            </Button>
          </div>
        </form>
      )}
      <BackToSignIn />
    </Frame>
  );
}

function BackToSignIn() {
  return (
    <p>
      <Link to="/sign-in" search={{}}>
        Sign in
      </Link>
    </p>
  );
}
