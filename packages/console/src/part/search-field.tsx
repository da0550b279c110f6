import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';

interface SearchFieldProps {
  /** What is searched for now, as the address has it. */
  readonly value: string;
  readonly onSearch: (text: string) => void;
}

const PAUSE_MS = 200;

/** Searches when the typing pauses. */
export function SearchField({ value, onSearch }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const searchLater = useDebouncedCallback(onSearch, PAUSE_MS);
  useEffect(() => {
    if (value === '') setText('');
  }, [value]);
  return (
    <TextInput
      aria-label="Search"
      placeholder="Search"
      type="search"
      maxLength={100}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        searchLater(event.currentTarget.value.trim());
      }}
    />
  );
}
