import { Button } from '@mantine/core';
import type { Group } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useRef } from 'react';
import { Activity } from '../audit-event/activity.tsx';
import { command } from '../part/command.ts';
import { Copy } from '../part/copy.tsx';
import { EditMenu, type EditQuestion } from '../part/edit-menu.tsx';
import { GrantSection, holdersOf } from '../part/grant-section.tsx';
import { useLeave } from '../part/leave.ts';
import { Pending } from '../part/pending.tsx';
import { PrincipalSelect } from '../part/principal-select.tsx';
import { useAskedOf } from '../part/row-menu.tsx';
import { postern } from '../postern.ts';
import { useMay, useMe } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { GroupDialogs } from './group-dialogs.tsx';
import { GROUP_ROLES, groupQuery, groupRoleLabel } from './query.ts';

export function GroupPage() {
  const { groupId } = useParams({ from: '/shell/settings/groups/$groupId' });
  const group = useQuery(groupQuery(groupId));
  if (!group.data) {
    return (
      <Page title="Group" above={<Link to="/settings/groups">← Groups</Link>}>
        <Pending what="this group" query={group} />
      </Page>
    );
  }
  return <OneGroup key={groupId} group={group.data} />;
}

function OneGroup({ group }: { readonly group: Group }) {
  const me = useMe();
  const leave = useLeave('/settings/groups');
  const { asked, ask, close } = useAskedOf<Group, EditQuestion>();
  const edit = useRef<HTMLButtonElement>(null);
  const mayUpdate = useMay('group.update');
  const mayReadLog = useMay('audit.read');
  const manages = mayUpdate || me.groups.some(({ id, role }) => id === group.id && role === 'manager');
  return (
    <Page
      title={group.name}
      heading={<bdi>{group.name}</bdi>}
      above={<Link to="/settings/groups">← Groups</Link>}
      lead={
        <>
          {group.description && (
            <p>
              <bdi>{group.description}</bdi>
            </p>
          )}
          <span className="row" style={{ gap: 2 }}>
            <code>{group.id}</code>
            <Copy text={group.id} label="Copy the id" />
          </span>
        </>
      }
      actions={
        mayUpdate && (
          <>
            <Button ref={edit} onClick={() => ask('edit', group, edit)}>
              Edit
            </Button>
            <EditMenu item={group} name={group.name} noun="group" ask={ask} />
          </>
        )
      }
    >
      <GrantSection
        label="Members"
        hint="A group manager manages who is in it, and nothing else."
        what="members of this group"
        queryKey={['groups', 'members', group.id]}
        list={(page, signal) =>
          holdersOf(postern.groups.members.list(group.id, page, { signal }), ({ principal, role }) => ({
            id: principal.id,
            name: principal.displayName,
            kind: principal.kind,
            role: { id: role, name: groupRoleLabel(role) },
          }))
        }
        roles={GROUP_ROLES}
        firstRole="member"
        reason={manages ? undefined : 'Only managers of this group and organization admins can change it.'}
        set={(id, role) => postern.groups.members.set(group.id, id, { role: role as 'member' | 'manager' })}
        remove={(id) => postern.groups.members.remove(group.id, id)}
        picker={(field) => <PrincipalSelect {...field} />}
        empty="Nobody is in this group."
        command={(id, role) => command('group add', [group.id, id], { role })}
      />
      <GroupWorkspaces groupId={group.id} />
      {mayReadLog && (
        <Section label="Activity">
          <Activity of={{ targetId: group.id }} />
        </Section>
      )}
      <GroupDialogs group={group} asked={asked} onClose={close} onGone={leave} />
    </Page>
  );
}

/** What everybody in the group has through it; it is given on the workspace's page. */
function GroupWorkspaces({ groupId }: { readonly groupId: string }) {
  const workspaces = useQuery({
    queryKey: ['groups', 'workspaces', groupId],
    queryFn: ({ signal }) => postern.groups.workspaces(groupId, { signal }),
  });
  return (
    <Section label="Workspaces" hint="Roles that everybody in the group has. They are given on the workspace’s page.">
      <Pending what="workspaces" query={workspaces} />
      {workspaces.data?.length === 0 && <p className="muted">This group carries no role in any workspace.</p>}
      <ul className="stack-tight">
        {workspaces.data?.map(({ workspace, role }) => (
          <li key={workspace.id} className="row-apart">
            <Link to="/settings/workspaces/$workspaceId" params={{ workspaceId: workspace.id }}>
              <bdi>{workspace.name}</bdi>
            </Link>
            <span className="muted">{role.name}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
