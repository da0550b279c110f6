import { NativeSelect } from '@mantine/core';

export interface RoleChoice {
  readonly value: string;
  readonly label: string;
}

interface RoleSelectProps {
  /** Whose role it is. */
  readonly name: string;
  readonly role: RoleChoice;
  readonly roles: readonly RoleChoice[];
  readonly onChange: (role: string) => void;
}

/** The role in a row. It is the browser's own field: a list has many, and any other would cost more than the rest of the row. */
export function RoleSelect({ name, role, roles, onChange }: RoleSelectProps) {
  // What somebody has is shown even where it cannot be given, or is not known yet.
  const known = roles.some(({ value }) => value === role.value);
  return (
    <NativeSelect
      aria-label={`Role of ${name}`}
      data={known ? [...roles] : [role, ...roles]}
      value={role.value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}
