import { IdField } from '../part/id-field.tsx';
import { SearchSelect } from '../part/search-select.tsx';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';

interface GroupSelectProps {
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

/** A group, found by name; by its id for who manages a workspace but may not list groups. */
export function GroupSelect({ value, onChange }: GroupSelectProps) {
  const mayList = useMay('group.list');
  if (!mayList) {
    return (
      <IdField
        label="Group"
        description="Its id: grp_…. Only organization admins can search by name."
        value={value}
        onChange={onChange}
      />
    );
  }
  return (
    <SearchSelect
      label="Group"
      nothing="No group of that name"
      queryKey={['groups']}
      find={async (query, signal) => {
        const { items } = await postern.groups.list(query, { signal }).page();
        return [{ group: 'Groups', items: items.map(({ id, name }) => ({ value: id, label: name })) }];
      }}
      value={value}
      onChange={onChange}
      autoFocus
    />
  );
}
