import { Select, TextInput } from '@mantine/core';
import { useId } from 'react';
import { exactTime } from '../part/time.tsx';

const DAY_MS = 86_400_000;
/** By so much the browser's clock may be ahead of the server's, whose maximum is strict. */
const FAST_CLOCK_MS = 300_000;

/** How long a token lives: what was chosen, and of "Custom…" the local date and time. */
export interface Expiry {
  readonly choice: 'never' | 'custom' | `${number}`;
  /** As `datetime-local` writes it. */
  readonly custom: string;
}

const NEVER: Expiry = { choice: 'never', custom: '' };

/** In days. */
const CHOICES = [
  { days: 7, label: '7 days' },
  { days: 30, label: '30 days' },
  { days: 60, label: '60 days' },
  { days: 90, label: '90 days' },
  { days: 365, label: '1 year' },
] as const;

export interface ExpiryLimits {
  readonly maxLifetimeDays: number | null;
  readonly requireExpiry: boolean;
}

/** What a form begins with: never, or, where the policy forbids that, the longest that it allows. */
export function firstExpiry({ maxLifetimeDays, requireExpiry }: ExpiryLimits): Expiry {
  if (maxLifetimeDays === null && !requireExpiry) return NEVER;
  const longest = CHOICES.findLast(({ days }) => maxLifetimeDays === null || days <= maxLifetimeDays);
  if (longest) return { choice: `${longest.days}`, custom: '' };
  return { choice: 'custom', custom: toLocal(Date.now() + (maxLifetimeDays ?? 1) * DAY_MS - FAST_CLOCK_MS) };
}

/** The instant that was chosen, as the API takes it: null = never, undefined = nothing sensible was chosen. */
export function expiryTime({ choice, custom }: Expiry, { maxLifetimeDays }: ExpiryLimits): string | null | undefined {
  if (choice === 'never') return null;
  if (choice === 'custom') return customTime(custom);
  const margin = Number(choice) === maxLifetimeDays ? FAST_CLOCK_MS : 0;
  return new Date(Date.now() + Number(choice) * DAY_MS - margin).toISOString();
}

function customTime(custom: string): string | undefined {
  const at = new Date(custom);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** As the command line takes it. */
export function expiryFlag({ choice, custom }: Expiry): string {
  return choice === 'never' ? 'never' : choice === 'custom' ? (customTime(custom) ?? 'TIME') : `${choice}d`;
}

/** What is wrong with it, if anything is. */
export function expiryError({ choice, custom }: Expiry): string | undefined {
  if (choice !== 'custom') return undefined;
  const at = customTime(custom);
  return at === undefined || new Date(at).getTime() <= Date.now() ? 'Choose a time in the future.' : undefined;
}

interface ExpiryFieldProps {
  readonly value: Expiry;
  readonly onChange: (expiry: Expiry) => void;
  readonly limits: ExpiryLimits;
  readonly error?: string | undefined;
}

export function ExpiryField({ value, onChange, limits, error }: ExpiryFieldProps) {
  const noteId = useId();
  const { maxLifetimeDays, requireExpiry } = limits;
  const tooLong = (days: number) => maxLifetimeDays !== null && days > maxLifetimeDays;
  const neverForbidden = requireExpiry || maxLifetimeDays !== null;
  const policy =
    maxLifetimeDays !== null ? `At most ${maxLifetimeDays} days (policy)` : 'Never is not allowed (policy)';
  const at = expiryTime(value, limits);
  return (
    <div className="stack-tight">
      <Select
        label="Expiration"
        allowDeselect={false}
        maxDropdownHeight={280}
        aria-describedby={noteId}
        data={[
          {
            value: 'never',
            label: neverForbidden ? 'Never expires (not allowed by policy)' : 'Never expires',
            disabled: neverForbidden,
          },
          ...CHOICES.map(({ days, label }) => ({ value: `${days}`, label, disabled: tooLong(days) })),
          ...(isListed(value)
            ? []
            : [{ value: value.choice, label: `${value.choice} days`, disabled: tooLong(Number(value.choice)) }]),
          { value: 'custom', label: 'Custom…' },
        ]}
        value={value.choice}
        onChange={(choice) =>
          choice &&
          onChange({ choice: choice as Expiry['choice'], custom: value.custom || toLocal(Date.now() + DAY_MS) })
        }
        error={value.choice === 'custom' ? undefined : error}
      />
      {value.choice === 'custom' && (
        <TextInput
          type="datetime-local"
          label={`Date and time (${zoneName()})`}
          value={value.custom}
          min={toLocal(Date.now())}
          onChange={(event) => onChange({ choice: 'custom', custom: event.currentTarget.value })}
          error={error}
        />
      )}
      <p className="meta" id={noteId} aria-live="polite">
        {at && !error ? `Expires ${exactTime(at)}` : at === null ? 'Works until it is refreshed or deleted' : ''}
        {neverForbidden && ` · ${policy}`}
      </p>
    </div>
  );
}

function isListed({ choice }: Expiry): boolean {
  return choice === 'never' || choice === 'custom' || CHOICES.some(({ days }) => choice === `${days}`);
}

function toLocal(ms: number): string {
  const at = new Date(ms);
  const pad = (part: number) => String(part).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
