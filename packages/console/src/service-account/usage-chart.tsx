import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { Failure } from '../part/failure.tsx';
import { USAGE_DAYS, USAGE_TOKENS, usageQuery } from './usage.ts';
import classes from './usage-chart.module.css';

/** Calls by day, refused ones apart; as a picture, or as a table. */
export function UsageChart({ accountId }: { readonly accountId: string }) {
  const [asTable, setAsTable] = useState(false);
  const usage = useInfiniteQuery(usageQuery(accountId));
  if (!usage.data) {
    return usage.error ? (
      <Failure what="use" error={usage.error} retry={usage.refetch} />
    ) : (
      <div className={classes.chart} />
    );
  }
  const { days, tokens } = usage.data;
  const total = days.reduce((sum, { allowed, refused }) => sum + allowed + refused, 0);
  const more = usage.hasNextPage && (
    <MoreTokens
      tokens={tokens}
      loading={usage.isFetchingNextPage}
      error={usage.isFetchNextPageError ? usage.error : null}
      onMore={() => !usage.isFetchingNextPage && void usage.fetchNextPage()}
    />
  );
  if (total === 0) {
    return (
      <>
        <p className="muted">No calls in the last {USAGE_DAYS} days.</p>
        {more}
      </>
    );
  }
  return (
    <div>
      {asTable ? (
        <table className={classes.table}>
          <caption className="visually-hidden">Calls by day</caption>
          <thead>
            <tr className="meta">
              <th scope="col">Day</th>
              <th scope="col">Calls</th>
              <th scope="col">Refused</th>
            </tr>
          </thead>
          <tbody>
            {days
              .filter(({ allowed, refused }) => allowed + refused > 0)
              .toReversed()
              .map(({ day, allowed, refused }) => (
                <tr key={day}>
                  <th scope="row">{dayName(day)}</th>
                  <td>{allowed.toLocaleString()}</td>
                  <td>{refused.toLocaleString()}</td>
                </tr>
              ))}
          </tbody>
        </table>
      ) : (
        <div
          className={classes.chart}
          role="img"
          aria-label={`${total.toLocaleString()} calls in the last ${USAGE_DAYS} days, by day`}
        >
          <ResponsiveContainer width="100%" height="100%">
            <BarChart data={[...days]} margin={{ top: 8, right: 0, bottom: 0, left: 0 }} accessibilityLayer={false}>
              <CartesianGrid vertical={false} stroke="var(--rule)" />
              <XAxis
                dataKey="day"
                tickFormatter={dayName}
                minTickGap={40}
                tickLine={false}
                axisLine={false}
                stroke="var(--muted)"
                fontSize={12}
              />
              <YAxis
                width={44}
                allowDecimals={false}
                tickLine={false}
                axisLine={false}
                stroke="var(--muted)"
                fontSize={12}
              />
              <Tooltip
                labelFormatter={(day) => dayName(String(day))}
                cursor={{ fill: 'var(--hover)' }}
                contentStyle={{
                  background: 'var(--raised)',
                  border: '1px solid var(--rule)',
                  borderRadius: 4,
                  color: 'var(--ink)',
                }}
                itemStyle={{ color: 'var(--ink)' }}
              />
              <Bar dataKey="allowed" name="Calls" stackId="calls" fill="var(--accent)" isAnimationActive={false} />
              <Bar dataKey="refused" name="Refused" stackId="calls" fill="var(--brick)" isAnimationActive={false} />
            </BarChart>
          </ResponsiveContainer>
        </div>
      )}
      <Button variant="subtle" className="flush" onClick={() => setAsTable(!asTable)} aria-pressed={asTable}>
        {asTable ? 'Show as chart' : 'Show as table'}
      </Button>
      {more}
    </div>
  );
}

interface MoreTokensProps {
  /** How many are counted. */
  readonly tokens: number;
  readonly loading: boolean;
  readonly error: Error | null;
  readonly onMore: () => void;
}

/** Where not all tokens are counted, which those are, and the way to the others. */
function MoreTokens({ tokens, loading, error, onMore }: MoreTokensProps) {
  return (
    <>
      {error && <Failure what="use" error={error} retry={onMore} />}
      <div className="row">
        <Button onClick={onMore} aria-disabled={loading || undefined}>
          {loading ? 'Loading…' : `Count ${USAGE_TOKENS} more`}
        </Button>
        <span role="status" className="meta">
          {`Of the ${tokens} tokens that were used last`}
        </span>
      </div>
    </>
  );
}

function dayName(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(undefined, {
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  });
}
