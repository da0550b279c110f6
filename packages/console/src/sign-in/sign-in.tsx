import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import failure from '../part/failure.module.css';
import { Refusal } from '../part/failure.tsx';
import { postern } from '../postern.ts';
import { CredentialsForm } from './credentials-form.tsx';
import { forgetEverything } from './forget.ts';
import frame from './frame.module.css';
import { Frame } from './frame.tsx';
import { signInOptionsQuery } from './options.ts';

/** Where somebody signs in, and from where they go on to what they wanted to see. */
export function SignInPage() {
  const { to, failed, next } = useSearch({ from: '/sign-in' });
  const router = useRouter();
  const queryClient = useQueryClient();
  const options = useQuery(signInOptionsQuery);

  const provider = useMutation({
    mutationFn: (name: string) =>
      postern.signIn.withProvider({ provider: name, returnTo: providerPath(to), errorTo: '/sign-in?failed=provider' }),
    onSuccess: ({ url }) => location.assign(url),
  });

  async function goOn(): Promise<void> {
    forgetEverything(queryClient);
    router.history.push(ownPath(to));
  }

  return (
    <Frame title="Sign in">
      {failed && (
        <p className={failure.refusal} role="alert">
          The provider did not sign you in. Only people who were invited here can, under the e-mail of the invitation.
        </p>
      )}
      <CredentialsForm onSignedIn={goOn} firstStep={next === 'totp' ? 'totp' : 'password'} />
      {options.data?.passwordReset && (
        <p>
          <Link to="/reset-password">Forgot your password?</Link>
        </p>
      )}
      {(options.data?.providers ?? []).map(({ name, displayName }) => (
        <div key={name} className="stack">
          <div className={frame.or}>or</div>
          <Button onClick={() => provider.mutate(name)}>Continue with {displayName}</Button>
        </div>
      ))}
      <Refusal error={provider.error} />
    </Frame>
  );
}

/** A path of this page; anything else would send whoever signs in somewhere foreign. */
function ownPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-in') ? to : '/';
}

const PROVIDER_PATH_MAX_LENGTH = 200;

/** The same as it goes around by a provider: no longer, and in no other characters, than the server takes. */
function providerPath(to: string | undefined): string {
  const path = ownPath(to)
    .replaceAll('+', '%20')
    .replaceAll(/[^\w\-./~%?=&]/gu, encodeURIComponent);
  return path.length <= PROVIDER_PATH_MAX_LENGTH ? path : '/';
}
