import type { Workspace } from '@postern/sdk';
import { command } from '../part/command.ts';
import { confirmationText } from '../part/confirm-dialog.tsx';
import { DeleteDialog } from '../part/delete-dialog.tsx';
import { EditMenu } from '../part/edit-menu.tsx';
import { postern } from '../postern.ts';
import { EditWorkspaceDialog } from './workspace-dialog.tsx';

interface WorkspaceMenuProps {
  readonly workspace: Workspace;
  readonly onGone: () => void;
}

/** What can be done with a workspace, in the list and on its page. */
export function WorkspaceMenu({ workspace, onGone }: WorkspaceMenuProps) {
  return (
    <EditMenu
      name={workspace.name}
      noun="workspace"
      edit={(shown) => <EditWorkspaceDialog workspaceId={workspace.id} {...shown} />}
      remove={(shown) => (
        <DeleteDialog
          {...shown}
          noun="workspace"
          name={<bdi>{workspace.name}</bdi>}
          remove={() => postern.workspaces.delete(workspace.id)}
          refreshed={[['workspaces']]}
          onGone={onGone}
          typed={confirmationText(workspace.name)}
          command={command('workspace delete', [workspace.id])}
        >
          Everybody loses their role in it, at once. Tokens that are limited to it alone can do nothing any more.
        </DeleteDialog>
      )}
    />
  );
}
