import type { Group } from '@postern/sdk';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ForbiddenPage } from '../part/forbidden.tsx';
import { ListPage } from '../part/list-page.tsx';
import { NameCell } from '../part/name-cell.tsx';
import { usePages } from '../part/pages.ts';
import { Cell, type Column } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { AddGroupDialog } from './group-dialog.tsx';
import { GroupMenu } from './group-menu.tsx';

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '50%' },
  { name: 'Members', align: 'end' },
  { name: 'Created' },
  { name: 'Actions', hidden: true, width: '44px' },
];

export function GroupsPage() {
  return useMay('group.list') ? <GroupList /> : <ForbiddenPage title="Groups">manage groups</ForbiddenPage>;
}

function GroupList() {
  const { search = '' } = useSearch({ from: '/shell/settings/groups' });
  const navigate = useNavigate({ from: '/settings/groups' });
  const mayAdd = useMay('group.create');
  const pages = usePages(['groups', search], (page, signal) =>
    postern.groups.list({ ...page, ...(search !== '' && { search }) }, { signal }),
  );
  return (
    <ListPage
      title="Groups"
      lead="A group holds members and service accounts, and carries roles in workspaces that all of them have."
      noun="group"
      nouns="groups"
      mayAdd={mayAdd}
      search={search}
      onSearch={(text) => void navigate({ search: text === '' ? {} : { search: text }, replace: true })}
      pages={pages}
      columns={COLUMNS}
      row={(group, onGone) => <GroupRow key={group.id} group={group} onGone={onGone} />}
      empty="No groups yet. They give the same roles to many at once."
      command="postern group create deployers"
      addDialog={(shown) => <AddGroupDialog {...shown} />}
    />
  );
}

function GroupRow({ group, onGone }: { readonly group: Group; readonly onGone: () => void }) {
  const mayUpdate = useMay('group.update');
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
      <Cell column="Actions">{mayUpdate && <GroupMenu group={group} onGone={onGone} />}</Cell>
    </tr>
  );
}
