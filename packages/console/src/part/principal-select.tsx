import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { postern } from '../postern.ts';

const FOUND = 20;

interface PrincipalSelectProps {
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

/** A member or a service account, found by name. */
export function PrincipalSelect({ value, onChange }: PrincipalSelectProps) {
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text, 200);
  const found = useQuery({
    queryKey: ['principals', search],
    queryFn: async ({ signal }) => {
      const query = { limit: FOUND, ...(search !== '' && { search }) };
      const [members, accounts] = await Promise.all([
        postern.members.list(query, { signal }).page(),
        postern.serviceAccounts.list(query, { signal }).page(),
      ]);
      return { members: members.items, accounts: accounts.items };
    },
    placeholderData: (before) => before,
    refetchInterval: false,
  });
  return (
    <Select
      label="Member or service account"
      placeholder="Search by name"
      searchable
      data-autofocus
      nothingFoundMessage="Nobody of that name"
      // The server has searched already.
      filter={({ options }) => options}
      onSearchChange={setText}
      data={[
        {
          group: 'Service accounts',
          items: (found.data?.accounts ?? []).map(({ id, displayName }) => ({ value: id, label: displayName })),
        },
        {
          group: 'Members',
          items: (found.data?.members ?? []).map(({ id, displayName, email }) => ({
            value: id,
            label: displayName === email ? email : `${displayName} (${email})`,
          })),
        },
      ]}
      value={value}
      onChange={onChange}
    />
  );
}
