import type { ServiceAccount } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { sentenceOf } from '../part/failure.tsx';
import { alarm, say } from '../part/toast.ts';
import { postern } from '../postern.ts';
import { refreshAccounts } from './query.ts';

/** Enabling gives nothing away that is not there: no token comes back, so nothing is asked first. */
export function useEnable() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: ServiceAccount) => postern.serviceAccounts.enable(id),
    async onSuccess({ id }) {
      await refreshAccounts(queryClient);
      say(
        <>
          Enabled. It has no tokens.{' '}
          <Link to="/settings/members/service-accounts/$accountId" params={{ accountId: id }} search={{ add: true }}>
            Add token
          </Link>
        </>,
      );
    },
    onError: (error) => alarm(sentenceOf(error)),
  });
}
