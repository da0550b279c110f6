import { Button, TextInput } from '@mantine/core';
import type { AccessReport, Because, HeldPermission, ServiceAccount } from '@postern/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Refusal } from '../part/failure.tsx';
import { Pending } from '../part/pending.tsx';
import { Cell, type Column, Row, Table } from '../part/table.tsx';
import { Time, untilTime } from '../part/time.tsx';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { Section } from '../shell/page.tsx';
import { WorkspaceSelect } from '../workspace/workspace-select.tsx';
import classes from './access-section.module.css';
import { accessQuery } from './query.ts';

const COLUMNS: readonly Column[] = [
  { name: 'Permission', width: '32%' },
  { name: 'Because' },
  { name: 'Last used', width: '24%' },
];

/** What it may do, where, and from which source; and the question whether it can do one thing. */
export function AccessSection({ account }: { readonly account: ServiceAccount }) {
  const access = useQuery(accessQuery(account.id));
  return (
    <Section label="Effective access" hint="With every source of it">
      <Question account={account} />
      <Pending what="access" query={access} />
      {access.data && <Report report={access.data} />}
    </Section>
  );
}

function Report({ report }: { readonly report: AccessReport }) {
  // What is folded does not keep the page waiting.
  const ready = useDeferredValue(true, false);
  const places = [
    { key: 'organization', name: 'In the organization', permissions: report.organization },
    ...report.workspaces.map(({ id, name, permissions }) => ({ key: id, name, permissions })),
    ...report.groups.map(({ id, name, permissions }) => ({ key: id, name: `Group ${name}`, permissions })),
  ].filter(({ permissions }) => permissions.length > 0);
  if (places.length === 0) return <p className="muted">It may do nothing yet.</p>;
  return (
    <ul className={classes.places}>
      {places.map(({ key, name, permissions }) => (
        <li key={key}>
          <details>
            <summary>
              <bdi>{name}</bdi> <span className="meta">{summary(permissions)}</span>
            </summary>
            {ready && (
              <div className={classes.permissions}>
                <Table caption={name} columns={COLUMNS}>
                  {permissions.map((held) => (
                    <HeldRow key={held.permission} held={held} since={report.usageRecordedSince} />
                  ))}
                </Table>
              </div>
            )}
          </details>
        </li>
      ))}
    </ul>
  );
}

function HeldRow({ held, since }: { readonly held: HeldPermission; readonly since: string }) {
  return (
    <Row>
      <Cell column="Permission" heading>
        <code>{held.permission}</code>
      </Cell>
      <Cell column="Because">
        <span>
          {held.because.map((source) => sourceText(source)).join('; ')}
          {held.withheldBy && <span className="muted"> · {WITHHELD[held.withheldBy]}</span>}
        </span>
      </Cell>
      <Cell column="Last used">
        {held.lastUsedAt ? (
          <Time at={held.lastUsedAt} />
        ) : (
          <span className="muted">
            Not since <Time at={since} write={untilTime} />
          </span>
        )}
      </Cell>
    </Row>
  );
}

const WITHHELD: Readonly<Record<NonNullable<HeldPermission['withheldBy']>, string>> = {
  token_permissions: 'taken away by the token’s permissions',
  token_workspaces: 'taken away by the token’s workspaces',
  disabled: 'not while the account is disabled',
  plan: 'paused by plan',
};

function summary(permissions: readonly HeldPermission[]): string {
  const unused = permissions.filter(({ lastUsedAt }) => lastUsedAt === null).length;
  const sources = new Set(permissions.flatMap(({ because }) => because.map((source) => sourceText(source))));
  return [
    counted(permissions.length, 'permission', 'permissions'),
    [...sources].slice(0, 3).join(', ') + (sources.size > 3 ? ', …' : ''),
    unused > 0 && unused < permissions.length && `${unused} not used`,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** "role Deployer through group ci". */
function sourceText(source: Because): string {
  switch (source.source) {
    case 'organization_role':
      return `organization role ${source.role}`;
    case 'group_role':
      return `${source.role} of group ${source.group.name}`;
    case 'workspace_role':
      return `role ${source.role.name}${source.group ? ` through group ${source.group.name}` : ''}`;
  }
}

/** "Can it … in …?" */
function Question({ account }: { readonly account: ServiceAccount }) {
  const [permission, setPermission] = useState('');
  const [workspace, setWorkspace] = useState<string | null>(null);
  const permissions = useQuery({
    queryKey: ['permissions'],
    queryFn: ({ signal }) => postern.permissions.list({ signal }),
    refetchInterval: false,
  });
  const check = useMutation({
    mutationFn: () =>
      postern.access.check({ principalId: account.id, permission, ...(workspace !== null && { workspace }) }),
  });
  const { data } = check;
  return (
    <form
      className={classes.question}
      onSubmit={(event) => {
        event.preventDefault();
        if (permission !== '') check.mutate();
      }}
    >
      <TextInput
        label="Can it"
        placeholder="orders.read"
        value={permission}
        onChange={(event) => {
          setPermission(event.currentTarget.value.trim());
          check.reset();
        }}
        list="known-permissions"
        autoComplete="off"
        spellCheck={false}
      />
      <datalist id="known-permissions">
        {permissions.data?.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <WorkspaceSelect
        label="in"
        placeholder="the organization"
        value={workspace}
        onChange={(value) => {
          setWorkspace(value);
          check.reset();
        }}
      />
      <Button type="submit">Ask</Button>
      <p role="status" className={classes.verdict}>
        {data?.allowed && (
          <>
            <strong>Yes</strong>: {data.because?.map((source) => sourceText(source)).join('; ')}.
          </>
        )}
        {data && !data.allowed && (
          <>
            <strong>No</strong>: <code>{data.missing?.permission}</code> is missing
            {data.missing?.withheldBy ? ` (${WITHHELD[data.missing.withheldBy]})` : ''}.{' '}
            {grantText(data.missing?.grantableBy ?? [])}
          </>
        )}
      </p>
      <Refusal error={check.error} />
    </form>
  );
}

const GRANTERS: Readonly<Record<string, string>> = {
  organization_admin: 'an organization admin',
  group_manager: 'a group manager',
  workspace_manager: 'a manager of the workspace',
};

function grantText(grantableBy: readonly string[]): string {
  if (grantableBy.length === 0) return '';
  return `It can be given by ${grantableBy.map((who) => GRANTERS[who] ?? who).join(' or ')}.`;
}
