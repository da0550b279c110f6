import { Button, TextInput } from '@mantine/core';
import type { AuditEvent, AuditEventQuery } from '@postern/sdk';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { memo, useReducer, useState } from 'react';
import { Empty } from '../part/empty.tsx';
import { ForbiddenPage } from '../part/forbidden.tsx';
import { ListBody } from '../part/list-body.tsx';
import { usePages } from '../part/pages.ts';
import { Cell, type Column, Row } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import type { AuditLogSearch } from '../route.tsx';
import { useMay } from '../shell/me.ts';
import { Page } from '../shell/page.tsx';
import classes from './audit-log.module.css';
import { eventSentence } from './event-sentence.ts';
import { ExportMenu } from './export-menu.tsx';

const COLUMNS: readonly Column[] = [
  { name: 'Who', width: '22%' },
  { name: 'What' },
  { name: 'Time', width: '120px' },
  { name: 'From', width: '18%' },
  { name: 'Actions', hidden: true, width: '84px' },
];

const FILTERS: readonly {
  readonly name: keyof AuditLogSearch;
  readonly label: string;
  readonly placeholder: string;
}[] = [
  { name: 'principalId', label: 'Concerning', placeholder: 'sa_… or mem_…' },
  { name: 'actorId', label: 'Actor', placeholder: 'sa_… or mem_…' },
  { name: 'targetId', label: 'Target', placeholder: 'tok_…, grp_…' },
  { name: 'action', label: 'Action', placeholder: 'token.refresh' },
  { name: 'requestId', label: 'Request', placeholder: 'req_…' },
];

export function AuditLogPage() {
  return useMay('audit.read') ? <AuditLog /> : <ForbiddenPage title="Audit log">read the audit log</ForbiddenPage>;
}

/** What was done and what was refused, the newest first; each filter is part of the address. */
function AuditLog() {
  const filters: AuditLogSearch = useSearch({ from: '/shell/audit-log' });
  const pages = usePages(['audit-events', filters], (page, signal) =>
    postern.audit.list({ ...page, ...toQuery(filters) }, { signal }),
  );
  const navigate = useNavigate({ from: '/audit-log' });
  const [opened, toggle] = useReducer(toggled, new Set<string>());
  const filtered = Object.keys(filters).length > 0;
  return (
    <Page title="Audit log" actions={<ExportMenu filters={toQuery(filters)} />}>
      <Filters key={JSON.stringify(filters)} filters={filters} />
      <ListBody
        what="the audit log"
        caption="Audit log"
        columns={COLUMNS}
        pages={pages}
        row={(event) => <EventRow event={event} open={opened.has(event.id)} onToggle={toggle} />}
        height={eventHeight}
        empty={
          <Empty action={filtered && <Button onClick={() => navigate({ search: {} })}>Clear filters</Button>}>
            {filtered ? 'Nothing matches.' : 'Nothing has happened yet.'}
          </Empty>
        }
      />
    </Page>
  );
}

function Filters({ filters }: { readonly filters: AuditLogSearch }) {
  const navigate = useNavigate({ from: '/audit-log' });
  const [values, setValues] = useState<AuditLogSearch>(filters);
  return (
    <form
      className={classes.filters}
      onSubmit={(event) => {
        event.preventDefault();
        const search = Object.fromEntries(Object.entries(values).filter(([, value]) => value));
        void navigate({ search });
      }}
    >
      {FILTERS.map(({ name, label, placeholder }) => (
        <TextInput
          key={name}
          label={label}
          placeholder={placeholder}
          value={values[name] ?? ''}
          onChange={(event) => setValues({ ...values, [name]: event.currentTarget.value.trim() })}
          spellCheck={false}
        />
      ))}
      <TextInput
        label="From"
        type="date"
        value={values.from ?? ''}
        onChange={(event) => setValues({ ...values, from: event.currentTarget.value })}
      />
      <TextInput
        label="To"
        type="date"
        value={values.to ?? ''}
        onChange={(event) => setValues({ ...values, to: event.currentTarget.value })}
      />
      <Button type="submit">Filter</Button>
    </form>
  );
}

/** Days are those of the reader: from the start of the one to the end of the other. */
function toQuery({ from, to, ...others }: AuditLogSearch): AuditEventQuery {
  const start = from === undefined ? undefined : new Date(`${from}T00:00:00`);
  const end = to === undefined ? undefined : new Date(`${to}T00:00:00`);
  end?.setDate(end.getDate() + 1);
  return { ...others, ...instant('from', start), ...instant('to', end) };
}

function instant(name: 'from' | 'to', at: Date | undefined): object {
  return at && !Number.isNaN(at.getTime()) ? { [name]: at.toISOString() } : {};
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const others = new Set(ids);
  if (!others.delete(id)) others.add(id);
  return others;
}

/** Its cells, or as a card its lines. */
function eventHeight(_: AuditEvent, narrow: boolean): number {
  return narrow ? 99 : 45;
}

interface EventRowProps {
  readonly event: AuditEvent;
  readonly open: boolean;
  readonly onToggle: (id: string) => void;
}

const EventRow = memo(({ event, open, onToggle }: EventRowProps) => (
  <Row
    under={
      open && (
        <tr>
          <td colSpan={COLUMNS.length}>
            <pre className={classes.details}>{JSON.stringify(event, null, 2)}</pre>
          </td>
        </tr>
      )
    }
  >
    <Cell column="Who" heading sentence>
      {event.actor.id === null ? (
        <bdi>{event.actor.displayName}</bdi>
      ) : (
        <Link to="/audit-log" search={{ actorId: event.actor.id }} className="quiet-link">
          <bdi>{event.actor.displayName}</bdi>
        </Link>
      )}
    </Cell>
    <Cell column="What" sentence>
      <bdi>{eventSentence(event)}</bdi>
    </Cell>
    <Cell column="Time">
      <Time at={event.at} />
    </Cell>
    <Cell column="From">
      <span className="meta">{event.address}</span>
    </Cell>
    <Cell column="Actions">
      <Button variant="subtle" onClick={() => onToggle(event.id)} aria-expanded={open}>
        Details
      </Button>
    </Cell>
  </Row>
));
