import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { sentenceOf } from './failure.tsx';

const PAUSE_MS = 200;
/** How many of each kind are shown; whoever seeks another one types more of its name. */
const FOUND = 20;

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** Where the label says more than it. */
  readonly name?: string;
}

/** Things of one kind under its name. */
export interface ChoiceGroup {
  readonly group: string;
  readonly items: readonly Choice[];
}

/** What is found, as long as it is typed. The server searches, so that there may be any number of them. */
export function useFound<Found>(
  queryKey: readonly string[],
  find: (query: { readonly limit: number; readonly search?: string }, signal: AbortSignal) => Promise<Found>,
) {
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), PAUSE_MS);
  const found = useQuery({
    queryKey: [...queryKey, 'found', search],
    queryFn: ({ signal }) => find({ limit: FOUND, ...(search !== '' && { search }) }, signal),
    placeholderData: (before) => before,
    refetchInterval: false,
  });
  return { found: found.data, error: found.error, setText };
}

interface SearchSelectProps {
  readonly label: string;
  readonly placeholder?: string;
  /** Said where nothing has this name. */
  readonly nothing: string;
  readonly queryKey: readonly string[];
  readonly find: (
    query: { readonly limit: number; readonly search?: string },
    signal: AbortSignal,
  ) => Promise<readonly ChoiceGroup[]>;
  readonly value: string | null;
  readonly onChange: (value: string | null, name?: string) => void;
  readonly error?: string | undefined;
  readonly clearable?: boolean;
  readonly autoFocus?: boolean;
}

/** One of many, found by name. */
export function SearchSelect(props: SearchSelectProps) {
  const { label, placeholder = 'Search by name', nothing, queryKey, find, value, onChange } = props;
  const { found, error, setText } = useFound([...queryKey, 'choices'], find);
  // What was chosen stays in the field, whatever is searched for next.
  const [chosen, setChosen] = useState<Choice | null>(null);
  const groups = (found ?? []).filter(({ items }) => items.length > 0);
  const isFound = groups.some(({ items }) => items.some((item) => item.value === chosen?.value));
  return (
    <Select
      label={label}
      placeholder={placeholder}
      searchable
      clearable={props.clearable ?? false}
      error={props.error}
      data-autofocus={props.autoFocus || undefined}
      openOnFocus={false}
      nothingFoundMessage={error ? sentenceOf(error) : nothing}
      filter={({ options }) => options}
      onSearchChange={setText}
      data={[
        ...groups.map(({ group, items }) => ({ group, items: [...items] })),
        ...(chosen && !isFound && chosen.value === value ? [{ group: 'Chosen', items: [chosen] }] : []),
      ]}
      value={value}
      onChange={(next) => {
        const choice = [...groups.flatMap(({ items }) => items), chosen].find((item) => item?.value === next) ?? null;
        setChosen(choice);
        onChange(next, choice?.name ?? choice?.label);
      }}
    />
  );
}
