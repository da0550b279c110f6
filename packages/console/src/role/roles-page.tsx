import type { Permission, Role } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { Failure } from '../part/failure.tsx';
import { ReasonButton } from '../part/reason-button.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { RowMenu, useAsked } from '../part/row-menu.tsx';
import { Cell, type Column, Table } from '../part/table.tsx';
import { Tag } from '../part/tag.tsx';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { PermissionDialog } from './permission-dialog.tsx';
import { permissionsQuery, rolesQuery } from './query.ts';
import { RoleDialog } from './role-dialog.tsx';
import classes from './roles-page.module.css';

const ROLE_COLUMNS: readonly Column[] = [
  { name: 'Name', width: '30%' },
  { name: 'Permissions' },
  { name: 'Actions', hidden: true, width: '44px' },
];
const PERMISSION_COLUMNS: readonly Column[] = [
  { name: 'Name', width: '30%' },
  { name: 'Description' },
  { name: 'Actions', hidden: true, width: '44px' },
];

/** What roles hold, and the permissions that the organization's own APIs ask about. */
export function RolesPage() {
  const roles = useQuery(rolesQuery);
  const permissions = useQuery(permissionsQuery);
  const mayCreate = useMay('role.create');
  const mayRegister = useMay('permission.create');
  const [adding, setAdding] = useState<'role' | 'permission' | null>(null);
  const own = permissions.data?.filter(({ builtIn }) => !builtIn) ?? [];
  return (
    <Page title="Roles" lead="Roles are held in workspaces, by members, service accounts and groups.">
      <Section
        label="Workspace roles"
        actions={
          <ReasonButton
            onClick={() => setAdding('role')}
            reason={mayCreate ? undefined : 'Only organization admins can add roles.'}
          >
            Add role
          </ReasonButton>
        }
      >
        {roles.error && !roles.data && <Failure what="roles" error={roles.error} retry={roles.refetch} />}
        {roles.data && (
          <Table caption="Workspace roles" columns={ROLE_COLUMNS}>
            {roles.data.map((role) => (
              <RoleRow key={role.id} role={role} />
            ))}
          </Table>
        )}
      </Section>
      <Section
        label="Own permissions"
        hint="Asked about by APIs of your own, with the token’s verification"
        actions={
          <ReasonButton
            onClick={() => setAdding('permission')}
            reason={mayRegister ? undefined : 'Only organization admins can register permissions.'}
          >
            Add permission
          </ReasonButton>
        }
      >
        {permissions.error && !permissions.data && (
          <Failure what="permissions" error={permissions.error} retry={permissions.refetch} />
        )}
        {permissions.data && own.length === 0 && (
          <p className="muted">None yet. An API that reads invoices would ask about “invoices.read”.</p>
        )}
        {own.length > 0 && (
          <Table caption="Own permissions" columns={PERMISSION_COLUMNS}>
            {own.map((permission) => (
              <PermissionRow key={permission.name} permission={permission} />
            ))}
          </Table>
        )}
      </Section>
      <RoleDialog opened={adding === 'role'} edited={null} onClose={() => setAdding(null)} />
      <PermissionDialog opened={adding === 'permission'} permission={null} onClose={() => setAdding(null)} />
    </Page>
  );
}

function RoleRow({ role }: { readonly role: Role }) {
  const queryClient = useQueryClient();
  const mayUpdate = useMay('role.update');
  const { asked, ask, close, trigger } = useAsked<'edit' | 'delete'>();
  const remove = useMutation({
    mutationFn: () => postern.roles.delete(role.id),
    async onSuccess({ receipt }) {
      close();
      await queryClient.invalidateQueries({ queryKey: ['roles'] });
      say(`Deleted. ${receiptSentence(receipt)}`);
    },
  });
  return (
    <tr>
      <Cell column="Name" heading>
        <span className="row">
          <bdi>{role.name}</bdi>
          {role.builtIn && <Tag>Built in</Tag>}
        </span>
      </Cell>
      <Cell column="Permissions">
        <details className={classes.permissions}>
          <summary>{counted(role.permissions.length, 'permission', 'permissions')}</summary>
          <p>
            <code>{role.permissions.join(', ')}</code>
          </p>
        </details>
      </Cell>
      <Cell column="Actions">
        {!role.builtIn && mayUpdate && (
          <RowMenu
            name={role.name}
            trigger={trigger}
            actions={[
              { label: 'Edit', onClick: () => ask('edit') },
              { label: 'Delete role', onClick: () => ask('delete'), destroys: true },
            ]}
          />
        )}
        <RoleDialog opened={asked === 'edit'} edited={role} onClose={close} />
        <ConfirmDialog
          opened={asked === 'delete'}
          title={
            <>
              Delete <bdi>{role.name}</bdi>?
            </>
          }
          onClose={() => {
            remove.reset();
            close();
          }}
          onConfirm={() => remove.mutate()}
          pending={remove.isPending}
          error={remove.error}
          confirm="Delete role"
          confirming="Deleting…"
        >
          A role that somebody holds cannot be deleted: take it from them first.
        </ConfirmDialog>
      </Cell>
    </tr>
  );
}

function PermissionRow({ permission }: { readonly permission: Permission }) {
  const queryClient = useQueryClient();
  const mayUpdate = useMay('permission.update');
  const { asked, ask, close, trigger } = useAsked<'edit' | 'delete'>();
  const remove = useMutation({
    mutationFn: () => postern.permissions.delete(permission.name),
    async onSuccess({ receipt }) {
      close();
      await queryClient.invalidateQueries();
      say(`Deleted. ${receiptSentence(receipt)}`);
    },
  });
  return (
    <tr>
      <Cell column="Name" heading>
        <code>{permission.name}</code>
      </Cell>
      <Cell column="Description">
        <bdi>{permission.description}</bdi>
      </Cell>
      <Cell column="Actions">
        {mayUpdate && (
          <RowMenu
            name={permission.name}
            trigger={trigger}
            actions={[
              { label: 'Edit', onClick: () => ask('edit') },
              { label: 'Delete permission', onClick: () => ask('delete'), destroys: true },
            ]}
          />
        )}
        <PermissionDialog opened={asked === 'edit'} permission={permission} onClose={close} />
        <ConfirmDialog
          opened={asked === 'delete'}
          title={
            <>
              Delete <code>{permission.name}</code>?
            </>
          }
          onClose={() => {
            remove.reset();
            close();
          }}
          onConfirm={() => remove.mutate()}
          pending={remove.isPending}
          error={remove.error}
          confirm="Delete permission"
          confirming="Deleting…"
        >
          Every role loses it at once, and what asks about it is denied.
        </ConfirmDialog>
      </Cell>
    </tr>
  );
}
