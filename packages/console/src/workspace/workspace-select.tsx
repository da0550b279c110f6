import { SearchSelect } from '../part/search-select.tsx';
import { postern } from '../postern.ts';

interface WorkspaceSelectProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

export function WorkspaceSelect({ label, placeholder, value, onChange }: WorkspaceSelectProps) {
  return (
    <SearchSelect
      label={label}
      placeholder={placeholder}
      nothing="No workspace of that name"
      queryKey={['workspaces']}
      find={async (query, signal) => {
        const { items } = await postern.workspaces.list(query, { signal }).page();
        return [{ group: 'Workspaces', items: items.map(({ id, name }) => ({ value: id, label: name })) }];
      }}
      value={value}
      onChange={onChange}
      clearable
    />
  );
}
