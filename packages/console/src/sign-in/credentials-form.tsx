import { Button, PasswordInput, TextInput } from '@mantine/core';
import { PosternError, RateLimited } from '@postern/sdk';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import failure from '../part/failure.module.css';
import { sentenceOf } from '../part/failure.tsx';
import { signIn } from '../postern.ts';

interface CredentialsFormProps {
  readonly onSignedIn: () => void;
  /** Somebody signs in again: who. */
  readonly email?: string;
  readonly autoFocus?: boolean;
  /** `totp`: a provider has said who it is, and the second step is left. */
  readonly firstStep?: 'password' | 'totp';
}

/** E-mail and password, then a code where the person wants one. It never tells whether an e-mail exists. */
export function CredentialsForm({
  onSignedIn,
  email: known,
  autoFocus = true,
  firstStep = 'password',
}: CredentialsFormProps) {
  const [email, setEmail] = useState(known ?? '');
  const [password, setPassword] = useState('');
  const [step, setStep] = useState<'password' | 'totp' | 'backup_code'>(firstStep);
  const [code, setCode] = useState('');

  const attempt = useMutation({
    mutationFn: () =>
      step === 'password'
        ? signIn.withPassword({ email, password })
        : signIn.verifyCode(step, code.replaceAll(/\s/g, '')),
    onSuccess(progress) {
      if (progress.signedIn) onSignedIn();
      else setStep(progress.next);
    },
    onError(error) {
      if (!isExpired(error)) return;
      setCode('');
      setPassword('');
      setStep('password');
    },
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    event.stopPropagation();
    if (!attempt.isPending) attempt.mutate();
  }

  function switchTo(next: typeof step): void {
    attempt.reset();
    setCode('');
    setStep(next);
  }

  function startOver(): void {
    setPassword('');
    switchTo('password');
  }

  return (
    <form className="stack" onSubmit={submit} noValidate>
      {step === 'password' ? (
        <>
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoFocus={autoFocus && known === undefined}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoFocus={autoFocus && known !== undefined}
            visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
          />
        </>
      ) : (
        <TextInput
          key={step}
          label={step === 'totp' ? 'Code' : 'Backup code'}
          description={step === 'totp' ? 'Six digits, from your authenticator app' : 'Each of them works once'}
          inputMode={step === 'totp' ? 'numeric' : 'text'}
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoFocus
        />
      )}
      {attempt.error && (
        <div className={failure.refusal} role="alert">
          {signInSentence(attempt.error, step)}
        </div>
      )}
      <div className="row">
        <Button type="submit" variant="filled" aria-disabled={attempt.isPending || undefined}>
          {attempt.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
        {step !== 'password' && (
          <>
            <Button variant="subtle" onClick={() => switchTo(step === 'totp' ? 'backup_code' : 'totp')}>
              {step === 'totp' ? 'Use a backup code' : 'Use the authenticator app'}
            </Button>
            <Button variant="subtle" onClick={startOver}>
              Start over
            </Button>
          </>
        )}
      </div>
    </form>
  );
}

/** The second step is too late, or was tried too often. */
function isExpired(error: Error): boolean {
  return error instanceof PosternError && error.code === 'sign_in.expired';
}

function signInSentence(error: Error, step: string): string {
  if (error instanceof RateLimited) {
    const seconds = Math.ceil((error.retryAfterMs ?? 30_000) / 1_000);
    return `Too many attempts. Try again in ${seconds} s.`;
  }
  if (isExpired(error)) return 'That took too long, or too many codes were wrong. Sign in again.';
  if (error instanceof PosternError && (error.status === 401 || error.status === 400)) {
    return step === 'password' ? 'E-mail or password is wrong.' : 'That code is wrong, or was used before.';
  }
  return sentenceOf(error);
}
