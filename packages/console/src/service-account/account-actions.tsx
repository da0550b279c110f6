import type { ServiceAccount } from '@postern/sdk';
import { RowMenu, useAsked } from '../part/row-menu.tsx';
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
  const { asked, ask, close, trigger } = useAsked<'edit' | 'disable' | 'delete'>();
  const enable = useEnable();
  return (
    <>
      <RowMenu
        name={account.displayName}
        trigger={trigger}
        actions={[
          { label: 'Edit', onClick: () => ask('edit'), disabled: readOnly },
          account.status === 'active'
            ? { label: 'Disable', onClick: () => ask('disable'), disabled: readOnly }
            : { label: 'Enable', onClick: () => enable.mutate(account), disabled: readOnly },
          { label: 'Delete service account', onClick: () => ask('delete'), destroys: true },
        ]}
      />
      <EditDialog account={account} opened={asked === 'edit'} onClose={close} />
      <DisableDialog account={account} opened={asked === 'disable'} onClose={close} />
      <DeleteDialog
        account={account}
        opened={asked === 'delete'}
        onClose={close}
        onDisable={account.status === 'active' && !readOnly ? () => ask('disable') : undefined}
        onGone={onGone}
      />
    </>
  );
}
