import type { Group } from '@postern/sdk';
import { command } from '../part/command.ts';
import { DeleteDialog } from '../part/delete-dialog.tsx';
import { EditMenu } from '../part/edit-menu.tsx';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { EditGroupDialog } from './group-dialog.tsx';

interface GroupMenuProps {
  readonly group: Group;
  readonly onGone: () => void;
}

/** What can be done with a group, in the list and on its page. */
export function GroupMenu({ group, onGone }: GroupMenuProps) {
  return (
    <EditMenu
      name={group.name}
      noun="group"
      edit={(shown) => <EditGroupDialog groupId={group.id} {...shown} />}
      remove={(shown) => (
        <DeleteDialog
          {...shown}
          noun="group"
          name={<bdi>{group.name}</bdi>}
          remove={() => postern.groups.delete(group.id)}
          refreshed={[['groups']]}
          onGone={onGone}
          command={command('group delete', [group.id])}
        >
          {counted(group.memberCount, 'member loses', 'members lose')} what this group gave, at once. Nobody is deleted.
        </DeleteDialog>
      )}
    />
  );
}
