import { TextInput } from '@mantine/core';

interface IdFieldProps {
  readonly label: string;
  readonly description: string;
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
  readonly error?: string | undefined;
}

/** For who knows the id of what they may not search for. */
export function IdField({ label, description, value, onChange, error }: IdFieldProps) {
  return (
    <TextInput
      label={label}
      description={description}
      value={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value.trim() || null)}
      error={error}
      data-autofocus
      autoComplete="off"
      spellCheck={false}
    />
  );
}
