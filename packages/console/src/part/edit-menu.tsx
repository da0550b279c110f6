import type { ReactNode } from 'react';
import { RowMenu, useAsked } from './row-menu.tsx';

/** Whether a dialog is open, and how it closes. */
export interface Shown {
  readonly opened: boolean;
  readonly onClose: () => void;
}

interface EditMenuProps {
  /** Whose menu it is. */
  readonly name: string;
  /** What it is: "group". */
  readonly noun: string;
  readonly edit: (shown: Shown) => ReactNode;
  readonly remove: (shown: Shown) => ReactNode;
}

/** Edit and delete, in the row of a list and on a page. */
export function EditMenu({ name, noun, edit, remove }: EditMenuProps) {
  const { asked, used, ask, close, trigger } = useAsked<'edit' | 'delete'>();
  return (
    <>
      <RowMenu
        name={name}
        trigger={trigger}
        actions={[
          { label: 'Edit', onClick: () => ask('edit') },
          { label: `Delete ${noun}`, onClick: () => ask('delete'), destroys: true },
        ]}
      />
      {used && edit({ opened: asked === 'edit', onClose: close })}
      {used && remove({ opened: asked === 'delete', onClose: close })}
    </>
  );
}
