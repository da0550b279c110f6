import type { Permission, Role } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { memo, useState } from 'react';
import { command } from '../part/command.ts';
import { DeleteDialog } from '../part/delete-dialog.tsx';
import { type EditDialogs, EditMenu, type EditQuestion } from '../part/edit-menu.tsx';
import { ForbiddenPage } from '../part/forbidden.tsx';
import { LongTable } from '../part/long-table.tsx';
import { Pending } from '../part/pending.tsx';
import { ReasonButton } from '../part/reason-button.tsx';
import { type AskedOf, useAskedOf } from '../part/row-menu.tsx';
import { Cell, type Column, Row, Table } from '../part/table.tsx';
import { Tag } from '../part/tag.tsx';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { AddPermissionDialog, EditPermissionDialog } from './permission-dialog.tsx';
import { permissionsQuery, rolesQuery } from './query.ts';
import { AddRoleDialog, EditRoleDialog } from './role-dialog.tsx';
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

export function RolesPage() {
  return useMay('role.read') ? <Roles /> : <ForbiddenPage title="Roles">manage roles</ForbiddenPage>;
}

/** What roles hold, and the permissions that the organization's own APIs ask about. */
function Roles() {
  const roles = useQuery(rolesQuery);
  const permissions = useQuery(permissionsQuery);
  const mayCreate = useMay('role.create');
  const mayUpdate = useMay('role.update');
  const { asked: ofRole, item: role, ask: askRole, close: closeRole } = useAskedOf<Role, EditQuestion>();
  const {
    asked: ofPermission,
    item: permission,
    ask: askPermission,
    close: closePermission,
  } = useAskedOf<Permission, EditQuestion>();
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
        <Pending what="roles" query={roles} />
        {roles.data && (
          <LongTable
            caption="Workspace roles"
            columns={ROLE_COLUMNS}
            items={roles.data}
            height={roleHeight}
            row={(each) => <RoleRow role={each} mayUpdate={mayUpdate} ask={askRole} />}
          />
        )}
      </Section>
      <Section
        label="Own permissions"
        hint="Your own APIs ask about them when they verify a token"
        actions={
          <ReasonButton
            onClick={() => setAdding('permission')}
            reason={mayRegister ? undefined : 'Only organization admins can register permissions.'}
          >
            Add permission
          </ReasonButton>
        }
      >
        <Pending what="permissions" query={permissions} />
        {permissions.data && own.length === 0 && (
          <p className="muted">None yet. An API that reads invoices would ask about “invoices.read”.</p>
        )}
        {own.length > 0 && (
          <Table caption="Own permissions" columns={PERMISSION_COLUMNS}>
            {own.map((each) => (
              <PermissionRow key={each.name} permission={each} ask={askPermission} />
            ))}
          </Table>
        )}
      </Section>
      <AddRoleDialog opened={adding === 'role'} onClose={() => setAdding(null)} />
      <AddPermissionDialog opened={adding === 'permission'} onClose={() => setAdding(null)} />
      {role && <RoleDialogs key={role.id} role={role} asked={ofRole} onClose={closeRole} />}
      {permission && (
        <PermissionDialogs
          key={permission.name}
          permission={permission}
          asked={ofPermission}
          onClose={closePermission}
        />
      )}
    </Page>
  );
}

/** Its cells, or as a card its lines. */
function roleHeight(_: Role, narrow: boolean): number {
  return narrow ? 73 : 41;
}

interface RoleRowProps {
  readonly role: Role;
  readonly mayUpdate: boolean;
  readonly ask: AskedOf<Role, EditQuestion>['ask'];
}

const RoleRow = memo(({ role, mayUpdate, ask }: RoleRowProps) => (
  <Row>
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
      {!role.builtIn && mayUpdate && <EditMenu item={role} name={role.name} noun="role" ask={ask} />}
    </Cell>
  </Row>
));

interface PermissionRowProps {
  readonly permission: Permission;
  readonly ask: AskedOf<Permission, EditQuestion>['ask'];
}

function PermissionRow({ permission, ask }: PermissionRowProps) {
  const mayUpdate = useMay('permission.update');
  return (
    <Row>
      <Cell column="Name" heading>
        <code>{permission.name}</code>
      </Cell>
      <Cell column="Description">
        <bdi>{permission.description}</bdi>
      </Cell>
      <Cell column="Actions">
        {mayUpdate && <EditMenu item={permission} name={permission.name} noun="permission" ask={ask} />}
      </Cell>
    </Row>
  );
}

function RoleDialogs({ role, asked, onClose }: EditDialogs & { readonly role: Role }) {
  return (
    <>
      <EditRoleDialog roleId={role.id} opened={asked === 'edit'} onClose={onClose} />
      <DeleteDialog
        opened={asked === 'delete'}
        onClose={onClose}
        noun="role"
        name={<bdi>{role.name}</bdi>}
        remove={() => postern.roles.delete(role.id)}
        refreshed={[['roles']]}
        command={command('role delete', [role.id])}
      >
        A role that somebody holds cannot be deleted: take it from them first.
      </DeleteDialog>
    </>
  );
}

function PermissionDialogs({ permission, asked, onClose }: EditDialogs & { readonly permission: Permission }) {
  return (
    <>
      <EditPermissionDialog name={permission.name} opened={asked === 'edit'} onClose={onClose} />
      <DeleteDialog
        opened={asked === 'delete'}
        onClose={onClose}
        noun="permission"
        name={<code>{permission.name}</code>}
        remove={() => postern.permissions.delete(permission.name)}
        refreshed={[['permissions'], ['roles']]}
        command={command('permission delete', [permission.name])}
      >
        What asks about it is denied from then on. A permission that a role holds cannot be deleted: take it out of the
        role first.
      </DeleteDialog>
    </>
  );
}
