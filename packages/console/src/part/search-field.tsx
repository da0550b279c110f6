import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

interface SearchFieldProps {
  /** What is searched for now, as the address has it. */
  readonly value: string;
  readonly onSearch: (text: string) => void;
}

const PAUSE_MS = 200;

/** Searches when the typing pauses; where the address says something else by itself, so does the field. */
export function SearchField({ value, onSearch }: SearchFieldProps) {
  const [text, setText] = useState(value);
  /** On their way into the address: they come back from there while somebody may be typing on. */
  const sent = useRef<readonly string[]>([]);
  const searchLater = useDebouncedCallback((wanted: string) => {
    if (wanted !== (sent.current.at(-1) ?? value)) sent.current = [...sent.current, wanted];
    onSearch(wanted);
  }, PAUSE_MS);
  const known = useRef(value);
  useEffect(() => {
    if (value === known.current) return;
    known.current = value;
    const own = sent.current.indexOf(value);
    sent.current = sent.current.slice(own + 1);
    if (own >= 0) return;
    searchLater.cancel();
    setText(value);
  }, [value, searchLater]);
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
