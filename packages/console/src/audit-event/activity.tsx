import type { AuditEvent } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Failure } from '../part/failure.tsx';
import { Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import classes from './activity.module.css';
import { eventSentence } from './event-sentence.ts';

const SHOWN = 10;

/** The latest of what concerns one thing. */
export function Activity({ targetId }: { readonly targetId: string }) {
  const events = useQuery({
    queryKey: ['audit-events', 'of', targetId],
    queryFn: async ({ signal }) => {
      const [done, by] = await Promise.all([
        postern.audit.list({ targetId, limit: SHOWN }, { signal }).page(),
        postern.audit.list({ actorId: targetId, limit: SHOWN }, { signal }).page(),
      ]);
      return [...new Map([...done.items, ...by.items].map((event) => [event.id, event])).values()]
        .toSorted((a, b) => b.at.localeCompare(a.at))
        .slice(0, SHOWN);
    },
  });
  if (!events.data) {
    return events.error ? <Failure what="activity" error={events.error} retry={events.refetch} /> : null;
  }
  if (events.data.length === 0) return <p className="muted">Nothing yet.</p>;
  return (
    <>
      <EventList events={events.data} />
      <p style={{ paddingTop: 8 }}>
        <Link to="/audit-log" search={{ targetId }}>
          All in the audit log
        </Link>
      </p>
    </>
  );
}

function EventList({ events }: { readonly events: readonly AuditEvent[] }) {
  return (
    <ul className={classes.list}>
      {events.map((event) => (
        <li key={event.id}>
          <span>
            <bdi>{event.actor.displayName}</bdi> {eventSentence(event)}
          </span>
          <span className="meta">
            <Time at={event.at} focusable />
          </span>
        </li>
      ))}
    </ul>
  );
}
