import { ActionIcon, Button, Select, Tooltip } from '@mantine/core';
import type { ServiceAccount } from '@postern/sdk';
import { IconX } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { Failure, sentenceOf } from '../part/failure.tsx';
import { Cell, type Column, Table } from '../part/table.tsx';
import { alarm } from '../part/toast.ts';
import { useUndo } from '../part/undo.tsx';
import { postern } from '../postern.ts';
import { Section } from '../shell/page.tsx';
import { membershipsQuery } from './query.ts';

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '40%' },
  { name: 'Kind' },
  { name: 'Role' },
  { name: 'Actions', hidden: true, width: '44px' },
];

/** The groups and workspaces that it belongs to itself; what groups bring stands under effective access. */
export function MembershipsSection({ account }: { readonly account: ServiceAccount }) {
  const queryClient = useQueryClient();
  const undo = useUndo();
  const [adding, setAdding] = useState(false);
  const memberships = useQuery(membershipsQuery(account.id));
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['service-account', account.id] });

  const remove = useMutation({
    mutationFn: async ({ kind, id }: Place) => {
      if (kind === 'Group') await postern.groups.members.remove(id, account.id);
      else await postern.workspaces.members.remove(id, account.id);
    },
    async onSuccess(_, place) {
      await refresh();
      undo(`Removed from ${place.name}.`, async () => {
        if (place.kind === 'Group')
          await postern.groups.members.set(place.id, account.id, { role: place.role as 'member' });
        else await postern.workspaces.members.set(place.id, account.id, { role: place.role });
        await refresh();
      });
    },
    onError: (error) => alarm(sentenceOf(error)),
  });

  const places: Place[] = [
    ...(memberships.data?.groups ?? []).map(({ id, name, role }) => ({
      kind: 'Group' as const,
      id,
      name,
      role,
      roleName: role === 'manager' ? 'Group manager' : 'Member',
    })),
    ...(memberships.data?.workspaces ?? []).map(({ id, name, role }) => ({
      kind: 'Workspace' as const,
      id,
      name,
      role: role.id,
      roleName: role.name,
    })),
  ];

  return (
    <Section
      label="Groups and workspaces"
      hint="Direct memberships"
      actions={<Button onClick={() => setAdding(true)}>Add</Button>}
    >
      {memberships.error && !memberships.data && (
        <Failure what="memberships" error={memberships.error} retry={memberships.refetch} />
      )}
      {memberships.data && places.length === 0 && (
        <p className="muted">In no group and no workspace: its tokens may do nothing but say who they are.</p>
      )}
      {places.length > 0 && (
        <Table caption="Groups and workspaces" columns={COLUMNS}>
          {places.map((place) => (
            <tr key={place.id}>
              <Cell column="Name" heading>
                {place.kind === 'Group' ? (
                  <Link to="/settings/groups/$groupId" params={{ groupId: place.id }} className="quiet-link">
                    <bdi>{place.name}</bdi>
                  </Link>
                ) : (
                  <Link
                    to="/settings/workspaces/$workspaceId"
                    params={{ workspaceId: place.id }}
                    className="quiet-link"
                  >
                    <bdi>{place.name}</bdi>
                  </Link>
                )}
              </Cell>
              <Cell column="Kind">{place.kind}</Cell>
              <Cell column="Role">{place.roleName}</Cell>
              <Cell column="Actions">
                <Tooltip label="Remove">
                  <ActionIcon aria-label={`Remove from ${place.name}`} onClick={() => remove.mutate(place)}>
                    <IconX size={16} stroke={1.5} />
                  </ActionIcon>
                </Tooltip>
              </Cell>
            </tr>
          ))}
        </Table>
      )}
      <Dialog opened={adding} title="Add to a group or workspace" onClose={() => setAdding(false)}>
        <AddForm account={account} onClose={() => setAdding(false)} onAdded={refresh} />
      </Dialog>
    </Section>
  );
}

interface Place {
  readonly kind: 'Group' | 'Workspace';
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly roleName: string;
}

interface AddFormProps {
  readonly account: ServiceAccount;
  readonly onClose: () => void;
  readonly onAdded: () => Promise<void>;
}

function AddForm({ account, onClose, onAdded }: AddFormProps) {
  const groups = useQuery({
    queryKey: ['groups', 'names'],
    queryFn: ({ signal }) => postern.groups.list({ limit: 200 }, { signal }).page(),
  });
  const workspaces = useQuery({
    queryKey: ['workspaces', 'names'],
    queryFn: ({ signal }) => postern.workspaces.list({ limit: 200 }, { signal }).page(),
  });
  const roles = useQuery({ queryKey: ['roles'], queryFn: ({ signal }) => postern.roles.list({ signal }) });
  const [place, setPlace] = useState<string | null>(null);
  const [role, setRole] = useState<string>('member');
  const [kind, id] = place?.split(' ') ?? [];

  const add = useMutation({
    mutationFn: async () => {
      if (kind === 'group')
        await postern.groups.members.set(id ?? '', account.id, { role: role as 'member' | 'manager' });
      else await postern.workspaces.members.set(id ?? '', account.id, { role });
    },
    async onSuccess() {
      await onAdded();
      onClose();
    },
  });

  const roleData =
    kind === 'group'
      ? [
          { value: 'member', label: 'Member' },
          { value: 'manager', label: 'Group manager' },
        ]
      : (roles.data ?? []).map(({ id: value, name }) => ({ value, label: name }));

  return (
    <DialogForm
      onSubmit={() => add.mutate()}
      onCancel={onClose}
      pending={add.isPending}
      submit="Add"
      submitting="Adding…"
      error={add.error}
      reason={place === null ? 'Choose where.' : undefined}
      command={
        kind === 'workspace'
          ? `postern workspace grant ${id} ${account.id} --role ${role}`
          : kind === 'group'
            ? `postern group add ${id} ${account.id} --role ${role}`
            : undefined
      }
    >
      <Select
        label="Group or workspace"
        searchable
        data-autofocus
        nothingFoundMessage="None of that name"
        data={[
          {
            group: 'Groups',
            items: (groups.data?.items ?? []).map((each) => ({ value: `group ${each.id}`, label: each.name })),
          },
          {
            group: 'Workspaces',
            items: (workspaces.data?.items ?? []).map((each) => ({ value: `workspace ${each.id}`, label: each.name })),
          },
        ]}
        value={place}
        onChange={(value) => {
          setPlace(value);
          setRole('member');
        }}
      />
      <Select
        label="Role"
        data={roleData}
        value={role}
        allowDeselect={false}
        onChange={(value) => value && setRole(value)}
      />
    </DialogForm>
  );
}
