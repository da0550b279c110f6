import type { Group } from '@postern/sdk';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { memo } from 'react';
import { EditMenu, type EditQuestion } from '../part/edit-menu.tsx';
import { ForbiddenPage } from '../part/forbidden.tsx';
import { ListPage } from '../part/list-page.tsx';
import { NameCell } from '../part/name-cell.tsx';
import { usePages } from '../part/pages.ts';
import type { AskedOf } from '../part/row-menu.tsx';
import { Cell, type Column, Row } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { AddGroupDialog } from './group-dialog.tsx';
import { GroupDialogs } from './group-dialogs.tsx';

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
  const mayUpdate = useMay('group.update');
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
      row={(group, ask) => <GroupRow group={group} mayUpdate={mayUpdate} ask={ask} />}
      dialogs={(group, shown) => <GroupDialogs group={group} {...shown} />}
      height={groupHeight}
      empty="No groups yet. They give the same roles to many at once."
      command="postern group create deployers"
      addDialog={(shown) => <AddGroupDialog {...shown} />}
    />
  );
}

/** Its cells, or as a card its lines; with a line more where it is described. */
function groupHeight({ description }: Group, narrow: boolean): number {
  if (narrow) return description ? 115 : 99;
  return description ? 49 : 41;
}

interface GroupRowProps {
  readonly group: Group;
  readonly mayUpdate: boolean;
  readonly ask: AskedOf<Group, EditQuestion>['ask'];
}

const GroupRow = memo(({ group, mayUpdate, ask }: GroupRowProps) => (
  <Row>
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
    <Cell column="Actions">{mayUpdate && <EditMenu item={group} name={group.name} noun="group" ask={ask} />}</Cell>
  </Row>
));
