import { MultiSelect } from '@mantine/core';
import { useFound } from '../part/search-select.tsx';
import { postern } from '../postern.ts';
import { useGroupNames } from './names.ts';

interface GroupsSelectProps {
  readonly value: readonly string[];
  readonly onChange: (ids: string[]) => void;
  readonly error: string | undefined;
  readonly disabled: boolean;
}

/** Several groups, found by name. */
export function GroupsSelect({ value, onChange, error, disabled }: GroupsSelectProps) {
  const { found, setText } = useFound(
    ['groups'],
    async (query, signal) => (await postern.groups.list(query, { signal }).page()).items,
  );
  const names = new Map((found ?? []).map(({ id, name }) => [id, name]));
  // Those that were chosen earlier are not among what is found now.
  const others = value.filter((id) => !names.has(id));
  const chosen = useGroupNames(others);
  for (const [id, name] of chosen) names.set(id, name);
  return (
    <MultiSelect
      label="Groups"
      placeholder="Search by name"
      data={[...names].map(([id, name]) => ({ value: id, label: name }))}
      value={[...value]}
      onChange={onChange}
      searchable
      onSearchChange={setText}
      nothingFoundMessage="No group of that name"
      error={error}
      disabled={disabled}
      style={{ maxWidth: 420 }}
    />
  );
}
