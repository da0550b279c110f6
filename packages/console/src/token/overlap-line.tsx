import { Button } from '@mantine/core';
import type { Token, TokenCaller } from '@postern/sdk';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { Pending } from '../part/pending.tsx';
import type { AskedOf } from '../part/row-menu.tsx';
import { Overlap } from '../part/state.tsx';
import { Cell } from '../part/table.tsx';
import { exactTime, Time, untilTime, useNow } from '../part/time.tsx';
import { counted } from '../part/word.ts';
import { agentName } from './agent.ts';
import classes from './overlap-line.module.css';
import { type TokenResource, tokensKey } from './resource.ts';

const HOUR_MS = 3_600_000;

interface OverlapLineProps {
  readonly token: Token;
  readonly previous: NonNullable<Token['previous']>;
  readonly resource: TokenResource;
  readonly readOnly: boolean;
  readonly ask: AskedOf<Token, 'end'>['ask'];
}

/** The old value of a refreshed token: until when it works, and who still calls with it. */
export function OverlapLine({ token, previous, resource, readOnly, ask }: OverlapLineProps) {
  const now = useNow();
  const endNow = useRef<HTMLButtonElement>(null);
  const callers = useQuery(oldCallersQuery(resource, token.id));
  const known = callers.data;
  // Where it was used, somebody called with it: their line is there before they are, so that nothing is pushed down.
  const called = known ? known.length > 0 : previous.lastUsedAt !== null;
  const recent = recentCallers(known, now);
  return (
    <div className={classes.line}>
      <Overlap />
      <span>
        Old value <code>…{previous.hint}</code> works until{' '}
        <time dateTime={previous.validUntil} title={exactTime(previous.validUntil)}>
          {untilTime(previous.validUntil, now)}
        </time>
        .{' '}
        {recent > 0 ? (
          <strong>{counted(recent, 'caller', 'callers')} in the last hour.</strong>
        ) : known || !called ? (
          quietSentence(previous, token, now)
        ) : (
          callers.error && 'Couldn’t load who calls with it.'
        )}
      </span>
      {!readOnly && (
        <Button ref={endNow} variant="subtle" className="flush" onClick={() => ask('end', token, endNow)}>
          End now
        </Button>
      )}
      {called && (
        <details className={classes.callers}>
          <summary>Who calls with it</summary>
          {known ? <Callers callers={known} /> : <Pending what="who calls with it" query={callers} />}
        </details>
      )}
    </div>
  );
}

/** Who has called with the old value. */
export function oldCallersQuery(resource: TokenResource, tokenId: string) {
  return queryOptions({
    queryKey: [...tokensKey(resource), tokenId, 'callers', 'previous'],
    queryFn: async ({ signal }) => (await resource.callers(tokenId, 'previous', { signal }).page()).items,
  });
}

/** How many of them have done so in the last hour. */
export function recentCallers(callers: readonly TokenCaller[] | undefined, now: number): number {
  return (callers ?? []).filter(({ lastAt }) => now - new Date(lastAt).getTime() < HOUR_MS).length;
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
