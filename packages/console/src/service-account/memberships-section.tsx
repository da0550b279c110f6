import { Select } from '@mantine/core';
import type { Memberships, ServiceAccount } from '@postern/sdk';
import { IconX } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { GROUP_ROLES, groupRoleLabel } from '../group/query.ts';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { sentenceOf } from '../part/failure.tsx';
import { useFields } from '../part/fields.ts';
import { Pending } from '../part/pending.tsx';
import { ReasonButton } from '../part/reason-button.tsx';
import { RowButton } from '../part/row-button.tsx';
import { SearchSelect } from '../part/search-select.tsx';
import { Cell, type Column, Table } from '../part/table.tsx';
import { alarm } from '../part/toast.ts';
import { requireAsLeft, useUndo } from '../part/undo.tsx';
import { postern } from '../postern.ts';
import { rolesQuery } from '../role/query.ts';
import { Section } from '../shell/page.tsx';
import { membershipsQuery, refreshAccounts } from './query.ts';

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '40%' },
  { name: 'Kind' },
  { name: 'Role' },
  { name: 'Actions', hidden: true, width: '44px' },
];

interface MembershipsSectionProps {
  readonly account: ServiceAccount;
  /** Why nothing can be changed now. */
  readonly readOnly: string | undefined;
}

/** The groups and workspaces that it belongs to itself; what groups bring stands under effective access. */
export function MembershipsSection({ account, readOnly }: MembershipsSectionProps) {
  const queryClient = useQueryClient();
  const undo = useUndo();
  const [adding, setAdding] = useState(false);
  const memberships = useQuery(membershipsQuery(account.id));
  const refresh = () => refreshAccounts(queryClient);

  const remove = useMutation({
    mutationFn: async ({ kind, id }: Place) => {
      if (kind === 'Group') await postern.groups.members.remove(id, account.id);
      else await postern.workspaces.members.remove(id, account.id);
    },
    async onSuccess(_, place) {
      await refresh();
      undo(`Removed from ${place.name}.`, async () => {
        const now = placesOf(await postern.serviceAccounts.memberships(account.id));
        requireAsLeft(now.find(({ id }) => id === place.id)?.role, undefined);
        if (place.kind === 'Group')
          await postern.groups.members.set(place.id, account.id, { role: place.role as 'member' });
        else await postern.workspaces.members.set(place.id, account.id, { role: place.role });
        await refresh();
      });
    },
    onError: (error) => alarm(sentenceOf(error)),
  });

  const places = memberships.data ? placesOf(memberships.data) : [];

  return (
    <Section
      label="Groups and workspaces"
      hint="Direct memberships"
      actions={
        <ReasonButton reason={readOnly} onClick={() => setAdding(true)}>
          Add
        </ReasonButton>
      }
    >
      <Pending what="memberships" query={memberships} />
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
                {readOnly === undefined && (
                  <RowButton
                    name={`Remove from ${place.name}`}
                    label="Remove"
                    onClick={() => !remove.isPending && remove.mutate(place)}
                  >
                    <IconX size={16} stroke={1.5} />
                  </RowButton>
                )}
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

function placesOf({ groups, workspaces }: Memberships): readonly Place[] {
  return [
    ...groups.map(({ id, name, role }) => ({
      kind: 'Group' as const,
      id,
      name,
      role,
      roleName: groupRoleLabel(role),
    })),
    ...workspaces.map(({ id, name, role }) => ({
      kind: 'Workspace' as const,
      id,
      name,
      role: role.id,
      roleName: role.name,
    })),
  ];
}

interface AddFormProps {
  readonly account: ServiceAccount;
  readonly onClose: () => void;
  readonly onAdded: () => Promise<void>;
}

function AddForm({ account, onClose, onAdded }: AddFormProps) {
  const roles = useQuery(rolesQuery);
  const fields = useFields({ place: null as string | null, role: 'member' });
  const [left, setLeft] = useState<Error | null>(null);
  const { place, role } = fields.values;
  const [kind, id] = place?.split(' ') ?? [];

  const add = useMutation({
    async mutationFn() {
      // Where it is already it would be given another role in passing.
      const there = placesOf(await postern.serviceAccounts.memberships(account.id)).find((each) => each.id === id);
      if (there) return there;
      if (kind === 'group')
        await postern.groups.members.set(id ?? '', account.id, { role: role as 'member' | 'manager' });
      else await postern.workspaces.members.set(id ?? '', account.id, { role });
      await onAdded();
      return undefined;
    },
    onMutate: () => setLeft(null),
    onSuccess(there) {
      if (there) fields.fail({ place: alreadySentence(account, there) });
      else onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });

  const roleData =
    kind === 'group' ? [...GROUP_ROLES] : (roles.data ?? []).map(({ id: value, name }) => ({ value, label: name }));

  return (
    <DialogForm
      onSubmit={() => add.mutate()}
      onCancel={onClose}
      pending={add.isPending}
      submit="Add"
      submitting="Adding…"
      error={left}
      reason={place === null ? 'Choose where.' : undefined}
      command={command(kind === 'group' ? 'group add' : 'workspace grant', [id ?? 'ID', account.id], { role })}
    >
      <div ref={fields.form} className="stack">
        <SearchSelect
          label="Group or workspace"
          nothing="None of that name"
          queryKey={['places']}
          find={findPlaces}
          value={place}
          onChange={(value) => {
            fields.set('place', value);
            fields.set('role', 'member');
          }}
          error={fields.errors.place}
          autoFocus
        />
        <Select
          label="Role"
          data={roleData}
          value={role}
          error={fields.errors.role}
          allowDeselect={false}
          onChange={(value) => value && fields.set('role', value)}
        />
      </div>
    </DialogForm>
  );
}

function alreadySentence({ displayName }: ServiceAccount, { kind, name, roleName }: Place): string {
  return `${displayName} is in ${name} already, as ${roleName}. Change the role on the page of that ${kind.toLowerCase()}.`;
}

/** The kind goes along, in front of the id: it decides which roles there are. */
async function findPlaces(query: object, signal: AbortSignal) {
  const [groups, workspaces] = await Promise.all([
    postern.groups.list(query, { signal }).page(),
    postern.workspaces.list(query, { signal }).page(),
  ]);
  return [
    { group: 'Groups', items: groups.items.map(({ id, name }) => ({ value: `group ${id}`, label: name })) },
    { group: 'Workspaces', items: workspaces.items.map(({ id, name }) => ({ value: `workspace ${id}`, label: name })) },
  ];
}
