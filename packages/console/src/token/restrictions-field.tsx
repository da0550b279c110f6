import { TagsInput } from '@mantine/core';
import type { Restrictions } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { useFound } from '../part/search-select.tsx';
import { postern } from '../postern.ts';
import classes from './restrictions-field.module.css';

/** What one token is limited to; an empty list limits nothing. */
export type RestrictionsText = Readonly<Record<'permissions' | 'workspaces' | 'networks', readonly string[]>>;

export const UNRESTRICTED: RestrictionsText = { permissions: [], workspaces: [], networks: [] };

/** As the API takes them; null = all that the account may do. */
export function parseRestrictions({ permissions, workspaces, networks }: RestrictionsText): Restrictions | null {
  const entries = Object.entries({ permissions, workspaces, networks }).filter(([, list]) => list.length > 0);
  return entries.length === 0 ? null : (Object.fromEntries(entries) as Restrictions);
}

interface RestrictionsFieldProps {
  readonly value: RestrictionsText;
  readonly onChange: (name: keyof RestrictionsText, list: readonly string[]) => void;
  /** Of the form that it is in; others do not matter here. */
  readonly errors: Partial<Record<keyof RestrictionsText, string>>;
}

/** Closed at first: most tokens do all that their account does. What is wrong in it opens it, and it stays open. */
export function RestrictionsField({ value, onChange, errors }: RestrictionsFieldProps) {
  const [opened, setOpened] = useState(false);
  const [seen, setSeen] = useState(errors);
  if (errors !== seen) {
    setSeen(errors);
    if (errors.permissions ?? errors.workspaces ?? errors.networks) setOpened(true);
  }
  const permissions = useQuery({
    queryKey: ['permissions'],
    queryFn: ({ signal }) => postern.permissions.list({ signal }),
    refetchInterval: false,
  });
  const workspaces = useFound(
    ['workspaces'],
    async (query, signal) => (await postern.workspaces.list(query, { signal }).page()).items,
  );
  // Nobody sees it yet: what is seen of the form does not wait for it.
  const ready = useDeferredValue(true, false);
  const field = (name: keyof RestrictionsText) => ({
    value: [...value[name]],
    onChange: (list: string[]) => onChange(name, list),
    error: errors[name],
    clearable: true,
  });
  return (
    <details className={classes.limit} open={opened} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>Limit this token</summary>
      {ready && (
        <div className="stack">
          <TagsInput
            label="Permissions"
            description="None chosen: all that the account has"
            data={permissions.data?.map(({ name }) => name) ?? []}
            {...field('permissions')}
            maxTags={100}
          />
          <TagsInput
            label="Workspaces"
            description="None chosen: wherever the account has access"
            data={workspaces.found?.map(({ name }) => name) ?? []}
            onSearchChange={workspaces.setText}
            {...field('workspaces')}
            maxTags={100}
          />
          <TagsInput
            label="Networks"
            description="Addresses that it may be used from, like 10.2.0.0/16; none: from anywhere"
            {...field('networks')}
            maxTags={50}
          />
        </div>
      )}
    </details>
  );
}
