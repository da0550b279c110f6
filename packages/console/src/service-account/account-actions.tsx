import { ActionIcon, Menu } from '@mantine/core';
import type { ServiceAccount } from '@postern/sdk';
import { IconDotsVertical } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { DeleteDialog } from './delete-dialog.tsx';
import { DisableDialog } from './disable-dialog.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { useEnable } from './enable.tsx';

interface AccountActionsProps {
  readonly account: ServiceAccount;
  /** Why nothing can be done with it now. */
  readonly readOnly: boolean;
  /** The account is gone, and this menu with it. */
  readonly onGone: () => void;
}

/** The overflow menu of an account, in the list and on its page. */
export function AccountActions({ account, readOnly, onGone }: AccountActionsProps) {
  const [asked, setAsked] = useState<'edit' | 'disable' | 'delete' | null>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const enable = useEnable();
  const close = () => {
    setAsked(null);
    // The menu that asked has closed meanwhile; focus goes back to what opened it.
    requestAnimationFrame(() => trigger.current?.focus());
  };
  return (
    <>
      <Menu returnFocus>
        <Menu.Target>
          <ActionIcon ref={trigger} aria-label={`Actions for ${account.displayName}`}>
            <IconDotsVertical size={16} stroke={1.5} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item disabled={readOnly} onClick={() => setAsked('edit')}>
            Edit
          </Menu.Item>
          {account.status === 'active' ? (
            <Menu.Item disabled={readOnly} onClick={() => setAsked('disable')}>
              Disable
            </Menu.Item>
          ) : (
            <Menu.Item disabled={readOnly} onClick={() => enable.mutate(account)}>
              Enable
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item data-tone="brick" onClick={() => setAsked('delete')}>
            Delete service account
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <EditDialog account={account} opened={asked === 'edit'} onClose={close} />
      <DisableDialog account={account} opened={asked === 'disable'} onClose={close} />
      <DeleteDialog
        account={account}
        opened={asked === 'delete'}
        onClose={close}
        onDisable={account.status === 'active' && !readOnly ? () => setAsked('disable') : undefined}
        onGone={onGone}
      />
    </>
  );
}
