import type { Workspace } from '@postern/sdk';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { memo } from 'react';
import { EditMenu, type EditQuestion } from '../part/edit-menu.tsx';
import { ListPage } from '../part/list-page.tsx';
import { NameCell } from '../part/name-cell.tsx';
import { usePages } from '../part/pages.ts';
import type { AskedOf } from '../part/row-menu.tsx';
import { Cell, type Column, Row } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { AddWorkspaceDialog } from './workspace-dialog.tsx';
import { WorkspaceDialogs } from './workspace-dialogs.tsx';

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '42%' },
  { name: 'Display name' },
  { name: 'Created' },
  { name: 'Actions', hidden: true, width: '44px' },
];

export function WorkspacesPage() {
  const { search = '' } = useSearch({ from: '/shell/settings/workspaces' });
  const navigate = useNavigate({ from: '/settings/workspaces' });
  const mayAdd = useMay('workspace.create');
  const mayUpdate = useMay('workspace.update');
  const pages = usePages(['workspaces', search], (page, signal) =>
    postern.workspaces.list({ ...page, ...(search !== '' && { search }) }, { signal }),
  );
  return (
    <ListPage
      title="Workspaces"
      lead="Where work is done: members, service accounts and groups have roles in it."
      noun="workspace"
      nouns="workspaces"
      mayAdd={mayAdd}
      search={search}
      onSearch={(text) => void navigate({ search: text === '' ? {} : { search: text }, replace: true })}
      pages={pages}
      columns={COLUMNS}
      row={(workspace, ask) => <WorkspaceRow workspace={workspace} mayUpdate={mayUpdate} ask={ask} />}
      dialogs={(workspace, shown) => <WorkspaceDialogs workspace={workspace} {...shown} />}
      height={workspaceHeight}
      empty="No workspaces yet. Roles in them say who may do what."
      command="postern workspace create production"
      addDialog={(shown) => <AddWorkspaceDialog {...shown} />}
    />
  );
}

/** Its cells, or as a card its lines; with a line more where it is described. */
function workspaceHeight({ description }: Workspace, narrow: boolean): number {
  if (narrow) return description ? 115 : 99;
  return description ? 49 : 41;
}

interface WorkspaceRowProps {
  readonly workspace: Workspace;
  readonly mayUpdate: boolean;
  readonly ask: AskedOf<Workspace, EditQuestion>['ask'];
}

const WorkspaceRow = memo(({ workspace, mayUpdate, ask }: WorkspaceRowProps) => (
  <Row>
    <Cell column="Name" heading>
      <NameCell under={workspace.description && <bdi>{workspace.description}</bdi>}>
        <Link to="/settings/workspaces/$workspaceId" params={{ workspaceId: workspace.id }} className="quiet-link">
          <bdi title={workspace.name}>{workspace.name}</bdi>
        </Link>
      </NameCell>
    </Cell>
    <Cell column="Display name">
      <bdi>{workspace.displayName}</bdi>
    </Cell>
    <Cell column="Created">
      <Time at={workspace.createdAt} />
    </Cell>
    <Cell column="Actions">
      {mayUpdate && <EditMenu item={workspace} name={workspace.name} noun="workspace" ask={ask} />}
    </Cell>
  </Row>
));
