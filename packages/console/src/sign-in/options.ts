import { queryOptions } from '@tanstack/react-query';
import { postern } from '../postern.ts';

/** How one can sign in here. It changes with a restart of the server only. */
export const signInOptionsQuery = queryOptions({
  queryKey: ['sign-in-options'],
  queryFn: ({ signal }) => postern.signIn.options({ signal }),
  refetchInterval: false,
});
