import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Group } from '@postern/sdk';
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
import { DeleteGroupDialog } from './delete-dialog.tsx';
import { GroupDialog } from './group-dialog.tsx';

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '50%' },
  { name: 'Members', align: 'end' },
  { name: 'Created' },
  { name: 'Actions', hidden: true, width: '44px' },
];

export function GroupsPage() {
  const { search = '' } = useSearch({ from: '/shell/settings/groups' });
  const navigate = useNavigate({ from: '/settings/groups' });
  const mayCreate = useMay('group.create');
  const [adding, { open, close }] = useDisclosure(false);
  const list = useRef<HTMLDivElement>(null);
  const pages = usePages(['groups', search], (page, signal) =>
    postern.groups.list({ ...page, ...(search !== '' && { search }) }, { signal }),
  );
  const searchFor = (text: string) => void navigate({ search: text === '' ? {} : { search: text }, replace: true });
  return (
    <Page
      title="Groups"
      lead="A group holds members and service accounts, and carries roles in workspaces that all of them have."
      actions={
        <ReasonButton
          variant="filled"
          onClick={open}
          reason={mayCreate ? undefined : 'Only organization admins can add groups.'}
        >
          Add group
        </ReasonButton>
      }
    >
      <search className={classes.filters}>
        <SearchField value={search} onSearch={searchFor} />
      </search>
      <ListBody
        ref={list}
        what="groups"
        caption="Groups"
        columns={COLUMNS}
        pages={pages}
        onClear={search === '' ? undefined : () => searchFor('')}
        row={(group) => <GroupRow key={group.id} group={group} onGone={() => list.current?.focus()} />}
        empty={
          <Empty
            action={mayCreate && <Button onClick={open}>Add group</Button>}
            command="postern group create deployers"
          >
            No groups yet. They give the same roles to many at once.
          </Empty>
        }
      />
      <GroupDialog opened={adding} onClose={close} group={null} />
    </Page>
  );
}

function GroupRow({ group, onGone }: { readonly group: Group; readonly onGone: () => void }) {
  const mayUpdate = useMay('group.update');
  const { asked, ask, close, trigger } = useAsked<'edit' | 'delete'>();
  return (
    <tr>
      <Cell column="Name" heading>
        <NameCell under={group.description && <bdi>{group.description}</bdi>}>
          <Link to="/settings/groups/$groupId" params={{ groupId: group.id }} className="quiet-link">
            <bdi title={group.name}>{group.name}</bdi>
          </Link>
        </NameCell>
      </Cell>
      <Cell column="Members" align="end">
        {group.memberCount}
      </Cell>
      <Cell column="Created">
        <Time at={group.createdAt} />
      </Cell>
      <Cell column="Actions">
        {mayUpdate && (
          <RowMenu
            name={group.name}
            trigger={trigger}
            actions={[
              { label: 'Edit', onClick: () => ask('edit') },
              { label: 'Delete group', onClick: () => ask('delete'), destroys: true },
            ]}
          />
        )}
        <GroupDialog opened={asked === 'edit'} onClose={close} group={group} />
        <DeleteGroupDialog opened={asked === 'delete'} onClose={close} group={group} onGone={onGone} />
      </Cell>
    </tr>
  );
}
