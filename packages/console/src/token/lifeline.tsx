import type { Token } from '@postern/sdk';
import { useId } from 'react';
import { relativeTime, useNow } from '../part/time.tsx';
import classes from './lifeline.module.css';

const WIDTH = 120;
const HEIGHT = 8;
const MIDDLE = HEIGHT / 2;
/** How much of the bar lies behind now, where no end is known. */
const OPEN_PAST = 0.72;

/**
 * The life of a token from creation to expiry: a tick is now, a dot the last use, hatching the time in which the old value
 * works, too. An open end never expires.
 */
export function Lifeline({ token }: { readonly token: Token }) {
  const now = useNow();
  const hatch = useId();
  const start = new Date(token.refreshedAt ?? token.createdAt).getTime();
  const end = token.expiresAt === null ? null : new Date(token.expiresAt).getTime();
  const span = end === null ? Math.max(now - start, 1) / OPEN_PAST : Math.max(end - start, 1);
  const at = (ms: number) => Math.min(Math.max((ms - start) / span, 0), 1) * WIDTH;
  const lastUse = token.lastUsedAt === null ? null : at(new Date(token.lastUsedAt).getTime());
  const overlapEnd = token.previous ? at(new Date(token.previous.validUntil).getTime()) : null;
  const present = at(now);
  return (
    <svg
      className={classes.line}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={describe(token, now)}
    >
      <defs>
        <pattern id={hatch} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line x1="0" y1="0" x2="0" y2="4" className={classes.hatch} />
        </pattern>
      </defs>
      <path d={`M0 ${MIDDLE}H${WIDTH}`} className={classes.rest} {...(end === null && { strokeDasharray: '3 3' })} />
      <path d={`M0 ${MIDDLE}H${present}`} className={token.status === 'active' ? classes.past : classes.over} />
      {overlapEnd !== null && (
        <rect x="0" y="0" width={Math.max(overlapEnd, 3)} height={HEIGHT} fill={`url(#${hatch})`} />
      )}
      <path d={`M0 1V${HEIGHT - 1}`} className={classes.edge} />
      {end !== null && <path d={`M${WIDTH - 0.5} 1V${HEIGHT - 1}`} className={classes.edge} />}
      {lastUse !== null && (
        <circle cx={Math.min(Math.max(lastUse, 3), WIDTH - 3)} cy={MIDDLE} r="2.500" className={classes.use} />
      )}
      <path d={`M${Math.min(present, WIDTH - 1)} 0V${HEIGHT}`} className={classes.now} />
    </svg>
  );
}

function describe({ status, expiresAt, lastUsedAt, createdAt, previous }: Token, now: number): string {
  const life =
    expiresAt === null
      ? 'never expires'
      : status === 'expired'
        ? `expired ${relativeTime(expiresAt, now)}`
        : `expires ${relativeTime(expiresAt, now)}`;
  const use = lastUsedAt === null ? 'never used' : `last used ${relativeTime(lastUsedAt, now)}`;
  const old = previous ? `, its old value works until ${relativeTime(previous.validUntil, now)}` : '';
  return `Created ${relativeTime(createdAt, now)}, ${use}, ${life}${old}`;
}
