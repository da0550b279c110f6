import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import type { PickerProps } from './grant-section.tsx';
import { IdField } from './id-field.tsx';
import { SearchSelect } from './search-select.tsx';

/** A member or a service account, found by name; by its id for who manages a group or workspace but may not list people. */
export function PrincipalSelect(field: PickerProps) {
  const mayListMembers = useMay('member.read');
  const mayListAccounts = useMay('service_account.read');
  if (!mayListMembers && !mayListAccounts) {
    return (
      <IdField
        label="Member or service account"
        description="Its id: mem_… or sa_…. Only organization admins can search by name."
        {...field}
      />
    );
  }
  return (
    <SearchSelect
      label="Member or service account"
      nothing="Nobody of that name"
      queryKey={['principals', String(mayListMembers), String(mayListAccounts)]}
      find={async (query, signal) => {
        const [accounts, members] = await Promise.all([
          mayListAccounts ? postern.serviceAccounts.list(query, { signal }).page() : undefined,
          mayListMembers ? postern.members.list(query, { signal }).page() : undefined,
        ]);
        return [
          {
            group: 'Service accounts',
            items: (accounts?.items ?? []).map(({ id, displayName }) => ({ value: id, label: displayName })),
          },
          {
            group: 'Members',
            items: (members?.items ?? []).map(({ id, displayName, email }) => ({
              value: id,
              name: displayName,
              label: displayName === email ? email : `${displayName} (${email})`,
            })),
          },
        ];
      }}
      {...field}
      autoFocus
    />
  );
}
