import { TagsInput } from '@mantine/core';
import type { Restrictions } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { useFound } from '../part/search-select.tsx';
import { postern } from '../postern.ts';
import classes from './restrictions-field.module.css';

/** What one token is limited to; an empty list limits nothing. */
export interface RestrictionsText {
  readonly permissions: readonly string[];
  readonly workspaces: readonly string[];
  readonly networks: readonly string[];
}

export const UNRESTRICTED: RestrictionsText = { permissions: [], workspaces: [], networks: [] };

/** As the API takes them; null = all that the account may do. */
export function parseRestrictions(text: RestrictionsText): Restrictions | null {
  const entries = Object.entries(text).filter(([, list]) => list.length > 0);
  return entries.length === 0 ? null : (Object.fromEntries(entries) as Restrictions);
}

interface RestrictionsFieldProps {
  readonly value: RestrictionsText;
  readonly onChange: (value: RestrictionsText) => void;
  readonly error: string | undefined;
}

/** Closed at first: most tokens do all that their account does. */
export function RestrictionsField({ value, onChange, error }: RestrictionsFieldProps) {
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
  return (
    <details className={classes.limit} open={error !== undefined || undefined}>
      <summary>Limit this token</summary>
      {ready && (
        <div className="stack">
          <TagsInput
            label="Permissions"
            description="None chosen: all that the account has"
            data={permissions.data?.map(({ name }) => name) ?? []}
            value={[...value.permissions]}
            onChange={(list) => onChange({ ...value, permissions: list })}
            maxTags={100}
            clearable
          />
          <TagsInput
            label="Workspaces"
            description="None chosen: wherever the account has access"
            data={workspaces.found?.map(({ name }) => name) ?? []}
            onSearchChange={workspaces.setText}
            value={[...value.workspaces]}
            onChange={(list) => onChange({ ...value, workspaces: list })}
            maxTags={100}
            clearable
          />
          <TagsInput
            label="Networks"
            description="Addresses that it may be used from, like 10.2.0.0/16; none: from anywhere"
            value={[...value.networks]}
            onChange={(list) => onChange({ ...value, networks: list })}
            maxTags={50}
            error={error}
            clearable
          />
        </div>
      )}
    </details>
  );
}
