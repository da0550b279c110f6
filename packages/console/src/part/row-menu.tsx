import { ActionIcon, Menu } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import { type RefObject, useRef, useState } from 'react';

/** Which dialog of a row is open; when it closes, focus goes back to the menu that asked for it. */
export interface Asked<Question extends string> {
  readonly asked: Question | null;
  readonly trigger: RefObject<HTMLButtonElement | null>;
  ask(question: Question): void;
  close(): void;
}

export function useAsked<Question extends string>(): Asked<Question> {
  const [asked, setAsked] = useState<Question | null>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  return {
    asked,
    trigger,
    ask: setAsked,
    close() {
      setAsked(null);
      // The menu has closed meanwhile, and with it what had the focus.
      requestAnimationFrame(() => trigger.current?.focus());
    },
  };
}

export interface RowAction {
  readonly label: string;
  readonly onClick: () => void;
  /** Ends something; it stands below a line. */
  readonly destroys?: boolean;
  readonly disabled?: boolean;
}

interface RowMenuProps {
  /** Whose actions they are. */
  readonly name: string;
  readonly actions: readonly RowAction[];
  readonly trigger: RefObject<HTMLButtonElement | null>;
}

/** The overflow menu of a row. */
export function RowMenu({ name, actions, trigger }: RowMenuProps) {
  return (
    <Menu returnFocus>
      <Menu.Target>
        <ActionIcon ref={trigger} aria-label={`Actions for ${name}`}>
          <IconDotsVertical size={16} stroke={1.5} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map(({ label, onClick, destroys, disabled }) => (
          <Menu.Item
            key={label}
            onClick={onClick}
            disabled={disabled ?? false}
            data-tone={destroys ? 'brick' : undefined}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
