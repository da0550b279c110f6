import { NativeSelect } from '@mantine/core';
import { type FocusEvent, type KeyboardEvent, useId, useRef, useState } from 'react';
import classes from './role-select.module.css';

export interface RoleChoice {
  readonly value: string;
  readonly label: string;
}

interface RoleSelectProps {
  /** Whose role it is. */
  readonly name: string;
  readonly role: RoleChoice;
  readonly roles: readonly RoleChoice[];
  /** Settles once what is shown is as the server has it; what went wrong is said elsewhere. */
  readonly onChange: (role: string) => Promise<unknown>;
}

/**
 * The role in a row. It is the browser's own field: a list has many, and any other would cost more than the rest of the row.
 * Closed, it changes at every press of an arrow or letter: what is come to in that way is given with Enter, or by going on,
 * and Escape takes it back. What is chosen from its list is given at once.
 */
export function RoleSelect({ name, role, roles, onChange }: RoleSelectProps) {
  const [picked, setPicked] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  /** A key is down that moves from role to role while the list is closed. */
  const passing = useRef(false);
  const hint = useId();
  // What somebody has is shown even where it cannot be given, or is not known yet.
  const known = roles.some(({ value }) => value === role.value);
  const unsaved = picked !== null && !saving;

  async function give(wanted: string): Promise<void> {
    if (wanted !== role.value) {
      setPicked(wanted);
      setSaving(true);
      await onChange(wanted).catch(() => undefined);
      setSaving(false);
    }
    setPicked(null);
  }

  function pick(wanted: string): void {
    // One change at a time: until it is answered, the field stays as it is.
    if (saving) return;
    if (passing.current) setPicked(wanted === role.value ? null : wanted);
    else void give(wanted);
  }

  function press(event: KeyboardEvent): void {
    passing.current = isPassing(event, unsaved);
    if (!unsaved || (event.key !== 'Enter' && event.key !== 'Escape')) return;
    event.preventDefault();
    if (event.key === 'Enter') void give(picked);
    else setPicked(null);
  }

  function leave({ currentTarget }: FocusEvent): void {
    passing.current = false;
    // Whoever looks into another window has not gone on.
    if (unsaved && document.activeElement !== currentTarget) void give(picked);
  }

  return (
    <div className={classes.role}>
      <NativeSelect
        aria-label={`Role of ${name}`}
        aria-describedby={unsaved ? hint : undefined}
        aria-busy={saving || undefined}
        data={known ? [...roles] : [role, ...roles]}
        value={picked ?? role.value}
        onChange={({ currentTarget }) => pick(currentTarget.value)}
        onKeyDown={press}
        onKeyUp={() => {
          passing.current = false;
        }}
        onPointerDown={() => {
          passing.current = false;
        }}
        onBlur={leave}
      />
      {unsaved && (
        <span id={hint} role="status" className={classes.hint}>
          Enter to save, Escape to take back
        </span>
      )}
    </div>
  );
}

/** Whether a key changes what a closed list has, and does not open it; a space may be part of a name that is being typed. */
function isPassing({ key, altKey }: KeyboardEvent, typing: boolean): boolean {
  if (key === 'Enter' || key === 'F4' || (altKey && key.startsWith('Arrow'))) return false;
  return key !== ' ' || typing;
}
