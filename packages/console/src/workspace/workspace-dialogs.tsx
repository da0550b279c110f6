import type { Workspace } from '@postern/sdk';
import { command } from '../part/command.ts';
import { confirmationText } from '../part/confirm-dialog.tsx';
import { DeleteDialog } from '../part/delete-dialog.tsx';
import type { EditDialogs } from '../part/edit-menu.tsx';
import { postern } from '../postern.ts';
import { EditWorkspaceDialog } from './workspace-dialog.tsx';

interface WorkspaceDialogsProps extends EditDialogs {
  readonly workspace: Workspace;
  readonly onGone?: () => Promise<void>;
}

/** What the menu of a workspace asks for, in the list and on its page. */
export function WorkspaceDialogs({ workspace, asked, onClose, onGone }: WorkspaceDialogsProps) {
  return (
    <>
      <EditWorkspaceDialog workspaceId={workspace.id} opened={asked === 'edit'} onClose={onClose} />
      <DeleteDialog
        opened={asked === 'delete'}
        onClose={onClose}
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
    </>
  );
}
