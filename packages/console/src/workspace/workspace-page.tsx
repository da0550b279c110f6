import { Button } from '@mantine/core';
import type { Workspace } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useRef } from 'react';
import { Activity } from '../audit-event/activity.tsx';
import { GroupSelect } from '../group/group-select.tsx';
import { command } from '../part/command.ts';
import { Copy } from '../part/copy.tsx';
import { EditMenu, type EditQuestion } from '../part/edit-menu.tsx';
import { GrantSection, holdersOf } from '../part/grant-section.tsx';
import { useLeave } from '../part/leave.ts';
import { Pending } from '../part/pending.tsx';
import { PrincipalSelect } from '../part/principal-select.tsx';
import { useAskedOf } from '../part/row-menu.tsx';
import { postern } from '../postern.ts';
import { grantableRolesQuery } from '../role/query.ts';
import { useMay, useMayIn } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { workspaceQuery } from './query.ts';
import { WorkspaceDialogs } from './workspace-dialogs.tsx';

export function WorkspacePage() {
  const { workspaceId } = useParams({ from: '/shell/settings/workspaces/$workspaceId' });
  const workspace = useQuery(workspaceQuery(workspaceId));
  if (!workspace.data) {
    return (
      <Page title="Workspace" above={<Link to="/settings/workspaces">← Workspaces</Link>}>
        <Pending what="this workspace" query={workspace} />
      </Page>
    );
  }
  return <OneWorkspace key={workspaceId} workspace={workspace.data} />;
}

function OneWorkspace({ workspace }: { readonly workspace: Workspace }) {
  const leave = useLeave('/settings/workspaces');
  const { asked, ask, close } = useAskedOf<Workspace, EditQuestion>();
  const edit = useRef<HTMLButtonElement>(null);
  const mayUpdate = useMayIn(workspace.id, 'workspace.update');
  const mayDelete = useMay('workspace.delete');
  const mayReadLog = useMay('audit.read');
  const manages = useMayIn(workspace.id, 'workspace_member.update');
  const roles = useQuery({ ...grantableRolesQuery(workspace.id), enabled: manages });
  const reason = manages ? undefined : 'Only managers of this workspace and organization admins can give roles in it.';
  const choices = roles.data?.map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Page
      title={workspace.displayName}
      heading={<bdi>{workspace.displayName}</bdi>}
      above={<Link to="/settings/workspaces">← Workspaces</Link>}
      lead={
        <>
          {workspace.description && (
            <p>
              <bdi>{workspace.description}</bdi>
            </p>
          )}
          <span className="row" style={{ columnGap: 8, rowGap: 0 }}>
            <span className="row" style={{ gap: 2, flexWrap: 'nowrap' }}>
              <code>{workspace.name}</code>
              <Copy text={workspace.name} label="Copy the name" />
            </span>
            <span className="row" style={{ gap: 2, flexWrap: 'nowrap' }}>
              <code className="muted">{workspace.id}</code>
              <Copy text={workspace.id} label="Copy the id" />
            </span>
          </span>
        </>
      }
      actions={
        <>
          {mayUpdate && (
            <Button ref={edit} onClick={() => ask('edit', workspace, edit)}>
              Edit
            </Button>
          )}
          {mayDelete && <EditMenu item={workspace} name={workspace.name} noun="workspace" ask={ask} />}
        </>
      }
    >
      <GrantSection
        label="Members"
        hint="With a role of their own"
        what="members of this workspace"
        queryKey={['workspaces', 'members', workspace.id]}
        list={(page, signal) =>
          holdersOf(postern.workspaces.members.list(workspace.id, page, { signal }), ({ principal, role }) => ({
            id: principal.id,
            name: principal.displayName,
            kind: principal.kind,
            role,
          }))
        }
        roles={choices}
        firstRole="member"
        reason={reason}
        set={(id, role) => postern.workspaces.members.set(workspace.id, id, { role })}
        remove={(id) => postern.workspaces.members.remove(workspace.id, id)}
        picker={(field) => <PrincipalSelect {...field} />}
        empty="Nobody has a role of their own here. Organization admins can do everything here all the same."
        command={(id, role) => command('workspace grant', [workspace.id, id], { role })}
      />
      <GrantSection
        label="Groups"
        hint="Everybody in the group has the role"
        what="groups of this workspace"
        queryKey={['workspaces', 'groups', workspace.id]}
        list={(page, signal) =>
          holdersOf(postern.workspaces.groups.list(workspace.id, page, { signal }), ({ group, role }) => ({
            id: group.id,
            name: group.name,
            kind: 'group' as const,
            role,
          }))
        }
        roles={choices}
        firstRole="member"
        reason={reason}
        set={(id, role) => postern.workspaces.groups.set(workspace.id, id, { role })}
        remove={(id) => postern.workspaces.groups.remove(workspace.id, id)}
        picker={(field) => <GroupSelect {...field} />}
        empty="No group carries a role here."
        command={(id, role) => command('workspace grant', [workspace.id], { group: id, role })}
      />
      {mayReadLog && (
        <Section label="Activity">
          <Activity of={{ targetId: workspace.id }} />
        </Section>
      )}
      <WorkspaceDialogs workspace={workspace} asked={asked} onClose={close} onGone={leave} />
    </Page>
  );
}
