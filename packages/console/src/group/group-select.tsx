import { SearchSelect } from '../part/search-select.tsx';
import { postern } from '../postern.ts';

interface GroupSelectProps {
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

export function GroupSelect({ value, onChange }: GroupSelectProps) {
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
