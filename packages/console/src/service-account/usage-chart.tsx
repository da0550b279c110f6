import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { Failure } from '../part/failure.tsx';
import { accountTokens } from '../token/resource.ts';
import classes from './usage-chart.module.css';

const DAYS = 30;
const DAY_MS = 86_400_000;
/** Beyond these the sum says so: one account rarely has more. */
const TOKENS_MAX = 50;

interface Day {
  readonly day: string;
  readonly allowed: number;
  readonly refused: number;
}

/** Calls by day, refused ones apart; as a picture, or as a table. */
export function UsageChart({ accountId }: { readonly accountId: string }) {
  const [asTable, setAsTable] = useState(false);
  const usage = useQuery({
    queryKey: ['service-account', accountId, 'usage'],
    queryFn: ({ signal }) => readUsage(accountId, signal),
    refetchInterval: 60_000,
  });
  if (!usage.data) {
    return usage.error ? (
      <Failure what="use" error={usage.error} retry={usage.refetch} />
    ) : (
      <div className={classes.chart} />
    );
  }
  const days = usage.data;
  const total = days.reduce((sum, { allowed, refused }) => sum + allowed + refused, 0);
  if (total === 0) return <p className="muted">No calls in the last {DAYS} days.</p>;
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
          aria-label={`${total.toLocaleString()} calls in the last ${DAYS} days, by day`}
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
    </div>
  );
}

async function readUsage(accountId: string, signal: AbortSignal): Promise<readonly Day[]> {
  const resource = accountTokens(accountId);
  const from = new Date(Date.now() - (DAYS - 1) * DAY_MS);
  from.setUTCHours(0, 0, 0, 0);
  const tokens = await resource.list({ limit: TOKENS_MAX }, { signal }).page();
  const reports = await Promise.all(tokens.items.map(({ id }) => resource.usage?.(id, from.toISOString(), { signal })));
  const days = new Map<string, { day: string; allowed: number; refused: number }>();
  for (let at = from.getTime(); at <= Date.now(); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.set(day, { day, allowed: 0, refused: 0 });
  }
  for (const item of reports.flatMap((report) => report?.items ?? [])) {
    const day = days.get(item.at.slice(0, 10));
    if (!day) continue;
    if (item.outcome !== 'refused') day.allowed += item.calls;
    else day.refused += item.calls;
  }
  return [...days.values()];
}

function dayName(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(undefined, {
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  });
}
