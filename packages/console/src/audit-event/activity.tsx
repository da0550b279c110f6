import type { AuditEvent } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Failure } from '../part/failure.tsx';
import { Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import type { AuditLogSearch } from '../route.tsx';
import classes from './activity.module.css';
import { eventSentence } from './event-sentence.ts';

const SHOWN = 10;

/** Of whoever can do something, what concerns it; of anything else, what was done to it. */
type Subject = Pick<AuditLogSearch, 'principalId'> | Pick<AuditLogSearch, 'targetId'>;

/** The latest of what the audit log has of one thing. */
export function Activity({ of }: { readonly of: Subject }) {
  const events = useQuery({
    queryKey: ['audit-events', 'of', of],
    queryFn: async ({ signal }) => (await postern.audit.list({ ...of, limit: SHOWN }, { signal }).page()).items,
  });
  if (!events.data) {
    return events.error ? <Failure what="activity" error={events.error} retry={events.refetch} /> : null;
  }
  if (events.data.length === 0) return <p className="muted">Nothing yet.</p>;
  return (
    <>
      <EventList events={events.data} />
      <p style={{ paddingTop: 8 }}>
        <Link to="/audit-log" search={of}>
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
