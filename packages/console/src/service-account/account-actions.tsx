import type { ServiceAccount } from '@postern/sdk';
import { useRef } from 'react';
import { type AskedOf, type RowAction, RowMenu, useAsked } from '../part/row-menu.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { DisableDialog } from './disable-dialog.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { useEnable } from './enable.tsx';

/** What is asked before it is done with an account. */
export type AccountQuestion = 'edit' | 'disable' | 'delete';

interface AccountActionsProps {
  readonly account: ServiceAccount;
  /** Why nothing can be done with it now. */
  readonly readOnly: string | undefined;
  /** The account is gone, and this menu with it. */
  readonly onGone: () => Promise<void>;
}

/** The overflow menu of an account on its page. */
export function AccountActions({ account, readOnly, onGone }: AccountActionsProps) {
  const { asked, ask, close, trigger } = useAsked<AccountQuestion>();
  const { mutate: enable } = useEnable();
  return (
    <>
      <RowMenu
        name={account.displayName}
        trigger={trigger}
        actions={accountActions(account, ask, enable)}
        reason={readOnly}
      />
      <AccountDialogs account={account} asked={asked} ask={ask} onClose={close} onGone={onGone} />
    </>
  );
}

interface AccountMenuProps {
  readonly account: ServiceAccount;
  readonly readOnly: string | undefined;
  readonly ask: AskedOf<ServiceAccount, AccountQuestion>['ask'];
  readonly enable: (account: ServiceAccount) => void;
}

/** The same in the list, whose rows share their dialogs. */
export function AccountMenu({ account, readOnly, ask, enable }: AccountMenuProps) {
  const trigger = useRef<HTMLButtonElement>(null);
  return (
    <RowMenu
      name={account.displayName}
      trigger={trigger}
      actions={accountActions(account, (question) => ask(question, account, trigger), enable)}
      reason={readOnly}
    />
  );
}

function accountActions(
  account: ServiceAccount,
  ask: (question: AccountQuestion) => void,
  enable: (account: ServiceAccount) => void,
): readonly RowAction[] {
  return [
    { label: 'Edit', onClick: () => ask('edit') },
    account.status === 'active'
      ? { label: 'Disable', onClick: () => ask('disable') }
      : { label: 'Enable', onClick: () => enable(account) },
    { label: 'Delete service account', onClick: () => ask('delete'), destroys: true },
  ];
}

interface AccountDialogsProps {
  readonly account: ServiceAccount;
  readonly asked: AccountQuestion | null;
  readonly ask: (question: AccountQuestion) => void;
  readonly onClose: () => void;
  /** Where it leads away from the account's own page. */
  readonly onGone?: () => Promise<void>;
}

export function AccountDialogs({ account, asked, ask, onClose, onGone }: AccountDialogsProps) {
  return (
    <>
      <EditDialog account={account} opened={asked === 'edit'} onClose={onClose} />
      <DisableDialog account={account} opened={asked === 'disable'} onClose={onClose} />
      <DeleteDialog
        account={account}
        opened={asked === 'delete'}
        onClose={onClose}
        onDisable={account.status === 'active' ? () => ask('disable') : undefined}
        onGone={onGone}
      />
    </>
  );
}
