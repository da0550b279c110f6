import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Window } from '../part/window.tsx';
import { meQuery, useMe } from '../shell/me.ts';
import { CredentialsForm } from './credentials-form.tsx';
import { signInOptionsQuery } from './options.ts';
import { beginSession, keepSession, useSessionState } from './session.ts';

/** Over the page, so that what was being written there is not lost. */
export function SessionDialog() {
  const state = useSessionState();
  const queryClient = useQueryClient();
  const { id } = useMe();
  const [owner] = useState(id);
  useEffect(() => {
    // Somebody else has signed in: nothing of what was shown is theirs.
    if (id !== owner) location.reload();
  }, [id, owner]);

  async function signedIn(): Promise<void> {
    beginSession();
    // Who it is comes first; where that cannot be had, it is asked for again with everything else.
    await queryClient.fetchQuery({ ...meQuery, staleTime: 0 }).catch(() => undefined);
    await queryClient.invalidateQueries();
  }

  return (
    <Window
      opened={state !== null}
      onClose={keepSession}
      withCloseButton={state === 'stale'}
      closeOnEscape={state === 'stale'}
      closeOnClickOutside={false}
      title={state === 'stale' ? 'Sign in again for this' : 'Your session has ended'}
      size={400}
      centered
      zIndex={400}
    >
      <div className="stack">
        <p>
          {state === 'stale'
            ? 'This asks for a sign-in within the last 15 minutes. Then do it again; what you wrote is kept.'
            : 'Sign in to go on where you were; what you wrote is kept.'}
        </p>
        <CredentialsForm onSignedIn={signedIn} />
        {state !== null && <ProviderLink />}
      </div>
    </Window>
  );
}

/** Signing in with a provider leaves the page: another tab does, and this one notices. */
function ProviderLink() {
  const { data } = useQuery(signInOptionsQuery);
  const names = (data?.providers ?? []).map(({ displayName }) => displayName);
  if (names.length === 0) return null;
  return (
    <p>
      <a href="/sign-in" target="_blank" rel="noreferrer">
        Sign in with {names.join(' or ')} in a new tab
      </a>
    </p>
  );
}
