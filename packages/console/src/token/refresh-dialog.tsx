import { Button, Radio } from '@mantine/core';
import type { Token } from '@postern/sdk';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import { useAttemptKey } from '../part/attempt.ts';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { relativeTime, useNow } from '../part/time.tsx';
import { counted } from '../part/word.ts';
import { type Expiry, ExpiryField, expiryError, expiryFlag, expiryTime, firstExpiry } from './expiry-field.tsx';
import { useExpiryLimits } from './limits.ts';
import { isOutdated, RefreshedMeanwhile } from './refreshed-meanwhile.tsx';
import { ownerFlags, refreshTokens, type TokenResource, tokensKey } from './resource.ts';
import { type ShownValue, showOnce } from './shown-value.ts';
import { TokenValueStep, useShownOnce } from './value-step.tsx';

const DAY_MS = 86_400_000;
const OVERLAPS = [
  { seconds: 0, label: 'Immediately' },
  { seconds: 3_600, label: 'After 1 hour' },
  { seconds: 86_400, label: 'After 24 hours' },
  { seconds: 604_800, label: 'After 7 days' },
] as const;

interface RefreshDialogProps {
  readonly token: Token;
  readonly resource: TokenResource;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** A new value for the same token; the old one dies at once or later. */
export function RefreshDialog({ token, resource, opened, onClose }: RefreshDialogProps) {
  const once = useShownOnce(onClose);
  return (
    <Dialog
      opened={opened}
      title={
        once.shown ? (
          'Copy the token'
        ) : (
          <>
            Refresh <bdi>{token.name}</bdi>
          </>
        )
      }
      onClose={once.close}
      size={520}
    >
      {once.shown ? (
        <TokenValueStep shown={once.shown} once={once} />
      ) : (
        <RefreshForm token={token} resource={resource} onIssued={once.show} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface RefreshFormProps {
  readonly token: Token;
  readonly resource: TokenResource;
  readonly onIssued: (shown: ShownValue) => void;
  readonly onClose: () => void;
}

function RefreshForm({ token: listed, resource, onIssued, onClose }: RefreshFormProps) {
  const queryClient = useQueryClient();
  const now = useNow();
  const attemptKey = useAttemptKey();
  const limits = useExpiryLimits(resource);
  const [chosen, setChosen] = useState<Expiry | null>(null);
  const [overlap, setOverlap] = useState(0);
  const [expiryProblem, setExpiryProblem] = useState<string>();
  const expiry = chosen ?? firstExpiry(limits);
  // What is refreshed is the token as it was when this was opened, not as somebody has made it meanwhile.
  const opened = openedQuery(resource, listed.id);
  const token = useQuery(opened).data ?? listed;
  const lifetime = lifetimeDays(token);
  const today = useQuery({
    queryKey: [...tokensKey(resource), token.id, 'callers', 'current'],
    queryFn: async ({ signal }) => (await resource.callers(token.id, 'current', { signal }).page()).items,
  });
  const callers = (today.data ?? []).filter(({ lastAt }) => now - new Date(lastAt).getTime() < DAY_MS).length;

  const refresh = useMutation({
    mutationFn: async (input: { readonly expiresAt: string | null; readonly overlapSeconds: number }) => {
      const options = {
        idempotencyKey: attemptKey([expiry, overlap]),
        ifMatch: await queryClient.ensureQueryData(opened),
      };
      return showOnce(await resource.refresh(token.id, input, options));
    },
    async onSuccess(shown) {
      onIssued(shown);
      await refreshTokens(queryClient, resource);
    },
  });
  // Its answer is the only one that holds the value.
  useBlocker({ shouldBlockFn: () => true, enableBeforeUnload: true, disabled: !refresh.isPending });
  const [sent, setSent] = useState<{ readonly expiry: Expiry; readonly at: string | null } | null>(null);

  function submit(): void {
    const problem = expiryError(expiry);
    setExpiryProblem(problem);
    if (problem) return;
    // Sent again after an answer that was lost, it must be the same request.
    const at = sent && sent.expiry === expiry ? sent.at : (expiryTime(expiry, limits) ?? null);
    setChosen(expiry);
    setSent({ expiry, at });
    refresh.mutate({ expiresAt: at, overlapSeconds: overlap });
  }

  if (isOutdated(refresh.error)) return <RefreshedMeanwhile before={token} resource={resource} onClose={onClose} />;
  return (
    <DialogForm
      onSubmit={submit}
      onCancel={onClose}
      pending={refresh.isPending}
      submit="Refresh token"
      submitting="Refreshing…"
      error={refresh.error}
      command={asCommand(resource, token, expiry, overlap)}
    >
      <p>{lastUseSentence(token, now)}</p>
      <div className="stack-tight">
        <ExpiryField value={expiry} onChange={setChosen} limits={limits} error={expiryProblem} />
        {lifetime !== null && expiry.choice !== `${lifetime}` && (
          <p className="meta">
            Was {counted(lifetime, 'day', 'days')}:{' '}
            <Button variant="subtle" size="compact-xs" onClick={() => setChosen({ choice: `${lifetime}`, custom: '' })}>
              Use {counted(lifetime, 'day', 'days')}
            </Button>
          </p>
        )}
      </div>
      <Radio.Group
        label="Old value stops working"
        value={String(overlap)}
        onChange={(seconds) => setOverlap(Number(seconds))}
      >
        <div className="stack-tight" style={{ paddingTop: 6 }}>
          {OVERLAPS.map(({ seconds, label }) => (
            <Radio key={seconds} value={String(seconds)} label={label} />
          ))}
        </div>
      </Radio.Group>
      {/* Its line is there before it is known, so that the buttons stay where they are. */}
      <p role="status" style={{ minHeight: '1lh' }}>
        {overlap === 0 && callers > 0 && (
          <>
            <strong>{counted(callers, 'caller', 'callers')} used it today</strong> and will get 401 until updated.
          </>
        )}
      </p>
    </DialogForm>
  );
}

/** The token with its version, read once while the dialog is open. */
function openedQuery(resource: TokenResource, tokenId: string) {
  return queryOptions({
    queryKey: [...tokensKey(resource), tokenId, 'opened'],
    queryFn: ({ signal }) => resource.get(tokenId, { signal }),
    staleTime: 'static',
    gcTime: 0,
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });
}

function lastUseSentence({ lastUsedAt, lastUsedIp }: Token, now: number): string {
  if (lastUsedAt === null) return 'It was never used.';
  return `Last used ${relativeTime(lastUsedAt, now)}${lastUsedIp ? ` from ${lastUsedIp}` : ''}.`;
}

/** How many whole days its values have lived, where that is a round number; null where they never expired. */
function lifetimeDays({ createdAt, refreshedAt, expiresAt }: Token): number | null {
  if (expiresAt === null) return null;
  const days = (new Date(expiresAt).getTime() - new Date(refreshedAt ?? createdAt).getTime()) / DAY_MS;
  return Math.max(1, Math.round(days));
}

function asCommand(resource: TokenResource, { id }: Token, expiry: Expiry, overlap: number): string {
  return command('token refresh', [id], {
    ...ownerFlags(resource),
    expires: expiryFlag(expiry),
    overlap: overlap === 0 ? undefined : `${overlap / 3_600}h`,
  });
}
