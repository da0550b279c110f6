import { Button } from '@mantine/core';
import type { Token, TokenCaller } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { command } from '../part/command.ts';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { Pending } from '../part/pending.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { Overlap } from '../part/state.tsx';
import { Cell } from '../part/table.tsx';
import { exactTime, Time, untilTime, useNow } from '../part/time.tsx';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { agentName } from './agent.ts';
import classes from './overlap-line.module.css';
import { ownerFlags, type TokenResource, tokensKey } from './resource.ts';

const HOUR_MS = 3_600_000;

interface OverlapLineProps {
  readonly token: Token;
  readonly previous: NonNullable<Token['previous']>;
  readonly resource: TokenResource;
  readonly readOnly: boolean;
}

/** The old value of a refreshed token: until when it works, and who still calls with it. */
export function OverlapLine({ token, previous, resource, readOnly }: OverlapLineProps) {
  const queryClient = useQueryClient();
  const now = useNow();
  const [ending, setEnding] = useState(false);
  const callers = useQuery({
    queryKey: [...tokensKey(resource), token.id, 'callers', 'previous'],
    queryFn: async ({ signal }) => (await resource.callers(token.id, 'previous', { signal }).page()).items,
  });
  const end = useMutation({
    mutationFn: () => resource.endOverlap(token.id),
    async onSuccess({ receipt }) {
      setEnding(false);
      await queryClient.invalidateQueries({ queryKey: tokensKey(resource) });
      say(`The old value of ${token.name} has ended. ${receiptSentence(receipt)}`);
    },
  });
  const known = callers.data;
  // Where it was used, somebody called with it: their line is there before they are, so that nothing is pushed down.
  const called = known ? known.length > 0 : previous.lastUsedAt !== null;
  const recent = (known ?? []).filter(({ lastAt }) => now - new Date(lastAt).getTime() < HOUR_MS);
  return (
    <div className={classes.line}>
      <Overlap />
      <span>
        Old value <code>…{previous.hint}</code> works until{' '}
        <time dateTime={previous.validUntil} title={exactTime(previous.validUntil)}>
          {untilTime(previous.validUntil, now)}
        </time>
        .{' '}
        {recent.length > 0 ? (
          <strong>{counted(recent.length, 'caller', 'callers')} in the last hour.</strong>
        ) : known || !called ? (
          quietSentence(previous, token, now)
        ) : (
          callers.error && 'Couldn’t load who calls with it.'
        )}
      </span>
      {!readOnly && (
        <Button variant="subtle" className="flush" onClick={() => setEnding(true)}>
          End now
        </Button>
      )}
      {called && (
        <details className={classes.callers}>
          <summary>Who calls with it</summary>
          {known ? <Callers callers={known} /> : <Pending what="who calls with it" query={callers} />}
        </details>
      )}
      <ConfirmDialog
        opened={ending}
        title="End the old value now?"
        onClose={() => setEnding(false)}
        onConfirm={() => end.mutate()}
        pending={end.isPending}
        error={end.error}
        confirm="End now"
        confirming="Ending…"
        command={command('token end-overlap', [token.id], ownerFlags(resource))}
      >
        {recent.length > 0
          ? `${counted(recent.length, 'caller', 'callers')} used it in the last hour and will get 401 until updated.`
          : `Whoever still calls with …${previous.hint} will get 401.`}
      </ConfirmDialog>
    </div>
  );
}

function Callers({ callers }: { readonly callers: readonly TokenCaller[] }) {
  return (
    <table>
      <thead>
        <tr className="meta">
          <th scope="col">Address</th>
          <th scope="col">Client</th>
          <th scope="col">Calls</th>
          <th scope="col">Last</th>
        </tr>
      </thead>
      <tbody>
        {callers.map(({ address, userAgent, calls, lastAt }) => (
          <tr key={`${address} ${userAgent}`}>
            <Cell column="Address">
              <code>{address ?? 'not told'}</code>
            </Cell>
            <Cell column="Client">
              <span title={userAgent ?? ''}>{agentName(userAgent) || 'not told'}</span>
            </Cell>
            <Cell column="Calls">{calls.toLocaleString()}</Cell>
            <Cell column="Last">
              <Time at={lastAt} />
            </Cell>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Never "safe": that nothing was heard says nothing about tomorrow. */
function quietSentence(previous: OverlapLineProps['previous'], token: Token, now: number): string {
  const since = previous.lastUsedAt ?? token.refreshedAt ?? token.createdAt;
  const hours = Math.floor((now - new Date(since).getTime()) / HOUR_MS);
  if (previous.lastUsedAt === null) return 'No calls since the refresh.';
  return hours < 1 ? 'No calls for minutes.' : `No calls for ${hours} h.`;
}
