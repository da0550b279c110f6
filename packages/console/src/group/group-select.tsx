import type { PickerProps } from '../part/grant-section.tsx';
import { IdField } from '../part/id-field.tsx';
import { SearchSelect } from '../part/search-select.tsx';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';

/** A group, found by name; by its id for who manages a workspace but may not list groups. */
export function GroupSelect(field: PickerProps) {
  const mayList = useMay('group.list');
  if (!mayList) {
    return (
      <IdField label="Group" description="Its id: grp_…. Only organization admins can search by name." {...field} />
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
      {...field}
      autoFocus
    />
  );
}
