import { Button } from '@mantine/core';
import { Conflict, PreconditionFailed, type Token } from '@postern/sdk';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Pending } from '../part/pending.tsx';
import { recentTime, Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import { useMe } from '../shell/me.ts';
import { refreshTokens, type TokenResource, tokensKey } from './resource.ts';

/** Whether a refresh was refused because the token is not any more what its dialog was opened for. */
export function isOutdated(error: Error | null): boolean {
  return error instanceof PreconditionFailed || (error instanceof Conflict && error.code === 'token.refresh_conflict');
}

interface RefreshedMeanwhileProps {
  /** As the dialog was opened for it. */
  readonly before: Token;
  readonly resource: TokenResource;
  readonly onClose: () => void;
}

/** Somebody was there first: who, and when. */
export function RefreshedMeanwhile({ before, resource, onClose }: RefreshedMeanwhileProps) {
  const queryClient = useQueryClient();
  const refreshing = useQuery({
    queryKey: [...tokensKey(resource), before.id, 'refreshing'],
    queryFn: ({ signal }) => findRefreshing(before, resource, signal),
    refetchInterval: false,
    gcTime: 0,
  });
  return (
    <div className="stack" role="alert">
      <Pending what="what has happened" query={refreshing} />
      {refreshing.data && <Story {...refreshing.data} />}
      <div className="row">
        <Button
          data-autofocus
          autoFocus
          onClick={async () => {
            await refreshTokens(queryClient, resource);
            onClose();
          }}
        >
          Reload
        </Button>
      </div>
    </div>
  );
}

interface Refreshing {
  /** Null: it was changed, and not refreshed. */
  readonly at: string | null;
  /** Null where the log has it not, or may not be read. */
  readonly by: { readonly id: string | null; readonly displayName: string } | null;
}

async function findRefreshing(before: Token, resource: TokenResource, signal: AbortSignal): Promise<Refreshing> {
  const { refreshedAt } = await resource.get(before.id, { signal });
  if (refreshedAt === before.refreshedAt) return { at: null, by: null };
  // One's own tokens are refreshed by oneself, in another window or from a terminal.
  if (resource.accountId === null) return { at: refreshedAt, by: before.createdBy };
  const query = { targetId: before.id, action: 'token.refresh', limit: 5 };
  const { items } = await postern.audit.list(query, { signal }).page();
  return { at: refreshedAt, by: items.find(({ outcome }) => outcome === 'done')?.actor ?? null };
}

/** "Ada refreshed this token 4 s ago. No new value was made." */
function Story({ at, by }: Refreshing) {
  const me = useMe();
  if (at === null) return <p>Somebody changed this token. No new value was made.</p>;
  return (
    <p>
      {by === null ? 'Somebody' : by.id === me.id ? 'You' : <bdi>{by.displayName}</bdi>} refreshed this token{' '}
      <Time at={at} write={recentTime} />. No new value was made.
    </p>
  );
}
