import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Workspace } from '@postern/sdk';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef } from 'react';
import { Empty } from '../part/empty.tsx';
import classes from '../part/list.module.css';
import { ListBody } from '../part/list-body.tsx';
import { NameCell } from '../part/name-cell.tsx';
import { usePages } from '../part/pages.ts';
import { ReasonButton } from '../part/reason-button.tsx';
import { RowMenu, useAsked } from '../part/row-menu.tsx';
import { SearchField } from '../part/search-field.tsx';
import { Cell, type Column } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { Page } from '../shell/page.tsx';
import { DeleteWorkspaceDialog } from './delete-dialog.tsx';
import { WorkspaceDialog } from './workspace-dialog.tsx';

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '42%' },
  { name: 'Display name' },
  { name: 'Created' },
  { name: 'Actions', hidden: true, width: '44px' },
];

export function WorkspacesPage() {
  const { search = '' } = useSearch({ from: '/shell/settings/workspaces' });
  const navigate = useNavigate({ from: '/settings/workspaces' });
  const mayCreate = useMay('workspace.create');
  const [adding, { open, close }] = useDisclosure(false);
  const list = useRef<HTMLDivElement>(null);
  const pages = usePages(['workspaces', search], (page, signal) =>
    postern.workspaces.list({ ...page, ...(search !== '' && { search }) }, { signal }),
  );
  const searchFor = (text: string) => void navigate({ search: text === '' ? {} : { search: text }, replace: true });
  return (
    <Page
      title="Workspaces"
      lead="Where work is done: members, service accounts and groups have roles in it."
      actions={
        <ReasonButton
          variant="filled"
          onClick={open}
          reason={mayCreate ? undefined : 'Only organization admins can add workspaces.'}
        >
          Add workspace
        </ReasonButton>
      }
    >
      <search className={classes.filters}>
        <SearchField value={search} onSearch={searchFor} />
      </search>
      <ListBody
        ref={list}
        what="workspaces"
        caption="Workspaces"
        columns={COLUMNS}
        pages={pages}
        onClear={search === '' ? undefined : () => searchFor('')}
        row={(workspace) => (
          <WorkspaceRow key={workspace.id} workspace={workspace} onGone={() => list.current?.focus()} />
        )}
        empty={
          <Empty
            action={mayCreate && <Button onClick={open}>Add workspace</Button>}
            command="postern workspace create production"
          >
            No workspaces yet. Roles in them say who may do what.
          </Empty>
        }
      />
      <WorkspaceDialog opened={adding} onClose={close} workspace={null} />
    </Page>
  );
}

function WorkspaceRow({ workspace, onGone }: { readonly workspace: Workspace; readonly onGone: () => void }) {
  const mayUpdate = useMay('workspace.update');
  const { asked, ask, close, trigger } = useAsked<'edit' | 'delete'>();
  return (
    <tr>
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
        {mayUpdate && (
          <RowMenu
            name={workspace.name}
            trigger={trigger}
            actions={[
              { label: 'Edit', onClick: () => ask('edit') },
              { label: 'Delete workspace', onClick: () => ask('delete'), destroys: true },
            ]}
          />
        )}
        <WorkspaceDialog opened={asked === 'edit'} onClose={close} workspace={workspace} />
        <DeleteWorkspaceDialog opened={asked === 'delete'} onClose={close} workspace={workspace} onGone={onGone} />
      </Cell>
    </tr>
  );
}
