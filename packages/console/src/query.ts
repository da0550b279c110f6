import { hashKey, MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { meQuery } from './shell/me.ts';
import { endSession, resumeSession, signInAskedBy } from './sign-in/session.ts';

/** How old what is shown may become before it is asked for again. */
export const REFETCH_MS = 15_000;

/**
 * State of the server lives here and nowhere else. Whoever is no longer signed in, or has to prove again who they are, is
 * asked for it over the page that they are on, whatever call it was that said so.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: noticeSignIn, onSuccess: noticeSession }),
    mutationCache: new MutationCache({ onError: noticeSignIn }),
    defaultOptions: {
      queries: {
        // The SDK has tried again already.
        retry: false,
        staleTime: 5_000,
        refetchInterval: REFETCH_MS,
        refetchOnWindowFocus: 'always',
        networkMode: 'always',
        // What is read keeps the version that it was read in, which a merged copy would lose.
        structuralSharing: false,
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}

/** Who it is can be said again. */
function noticeSession(_: unknown, { queryHash }: { readonly queryHash: string }): void {
  if (queryHash === hashKey(meQuery.queryKey)) resumeSession();
}

function noticeSignIn(error: unknown): void {
  const asked = signInAskedBy(error);
  if (asked) endSession(asked);
}
