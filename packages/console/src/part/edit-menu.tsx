import { useRef } from 'react';
import { type AskedOf, RowMenu } from './row-menu.tsx';

/** Whether a dialog is open, and how it closes. */
export interface Shown {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** What is asked before a thing is changed or deleted. */
export type EditQuestion = 'edit' | 'delete';

/** Which of its dialogs is open. They stand above the rows, which may go while somebody is in one. */
export interface EditDialogs {
  readonly asked: EditQuestion | null;
  readonly onClose: () => void;
}

interface EditMenuProps<Item> {
  readonly item: Item;
  /** Whose menu it is. */
  readonly name: string;
  /** What it is: "group". */
  readonly noun: string;
  readonly ask: AskedOf<Item, EditQuestion>['ask'];
}

/** Edit and delete, in the row of a list and on a page. */
export function EditMenu<Item>({ item, name, noun, ask }: EditMenuProps<Item>) {
  const trigger = useRef<HTMLButtonElement>(null);
  return (
    <RowMenu
      name={name}
      trigger={trigger}
      actions={[
        { label: 'Edit', onClick: () => ask('edit', item, trigger) },
        { label: `Delete ${noun}`, onClick: () => ask('delete', item, trigger), destroys: true },
      ]}
    />
  );
}
