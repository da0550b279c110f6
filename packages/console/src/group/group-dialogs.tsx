import type { Group } from '@postern/sdk';
import { command } from '../part/command.ts';
import { DeleteDialog } from '../part/delete-dialog.tsx';
import type { EditDialogs } from '../part/edit-menu.tsx';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { EditGroupDialog } from './group-dialog.tsx';

interface GroupDialogsProps extends EditDialogs {
  readonly group: Group;
  readonly onGone?: () => Promise<void>;
}

/** What the menu of a group asks for, in the list and on its page. */
export function GroupDialogs({ group, asked, onClose, onGone }: GroupDialogsProps) {
  return (
    <>
      <EditGroupDialog groupId={group.id} opened={asked === 'edit'} onClose={onClose} />
      <DeleteDialog
        opened={asked === 'delete'}
        onClose={onClose}
        noun="group"
        name={<bdi>{group.name}</bdi>}
        remove={() => postern.groups.delete(group.id)}
        refreshed={[['groups']]}
        onGone={onGone}
        command={command('group delete', [group.id])}
      >
        {counted(group.memberCount, 'member loses', 'members lose')} what this group gave, at once. Nobody is deleted.
      </DeleteDialog>
    </>
  );
}
