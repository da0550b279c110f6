import { Button, Select } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ServiceAccount, ServiceAccountQuery } from '@postern/sdk';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { memo } from 'react';
import { MembersTabs } from '../member/tabs.tsx';
import { Empty } from '../part/empty.tsx';
import { ForbiddenPage } from '../part/forbidden.tsx';
import { ListBody } from '../part/list-body.tsx';
import { useOpenedByAddress } from '../part/opened-by-address.ts';
import { type Pages, usePages } from '../part/pages.ts';
import { ReasonButton } from '../part/reason-button.tsx';
import { type AskedOf, useAskedOf } from '../part/row-menu.tsx';
import { SearchField } from '../part/search-field.tsx';
import { Active, Disabled, Paused } from '../part/state.tsx';
import { Cell, type Column, Row } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { Page } from '../shell/page.tsx';
import { AccountDialogs, AccountMenu, type AccountQuestion } from './account-actions.tsx';
import { AddDialog } from './add-dialog.tsx';
import { useEnable } from './enable.tsx';
import classes from './list-page.module.css';
import { PAUSED_REASON, PausedNotice, useIsPaused } from './plan.tsx';
import { ACCOUNT_ROLES, roleLabel } from './query.ts';

export interface AccountListSearch {
  readonly search?: string;
  readonly status?: ServiceAccount['status'];
  readonly role?: ServiceAccount['organizationRole'];
  readonly sort?: ServiceAccountQuery['sort'];
  /** Somebody comes to add one. */
  readonly add?: boolean;
}

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '32%' },
  { name: 'Role', width: '14%' },
  { name: 'Status', width: '17%' },
  { name: 'Tokens', align: 'end', width: '11%' },
  { name: 'Last used' },
  { name: 'Actions', hidden: true, width: '44px' },
];

const SORTS = [
  { value: 'name', label: 'By name' },
  { value: '-lastUsedAt', label: 'By last use' },
  { value: 'lastUsedAt', label: 'Longest unused' },
  { value: '-createdAt', label: 'Newest first' },
];

export function ServiceAccountsPage() {
  return useMay('service_account.read') ? (
    <ServiceAccounts />
  ) : (
    <ForbiddenPage title="Members" tabs={<MembersTabs active="service-accounts" />}>
      manage service accounts
    </ForbiddenPage>
  );
}

function ServiceAccounts() {
  const { add = false, ...filters }: AccountListSearch = useSearch({
    from: '/shell/settings/members/service-accounts',
  });
  const navigate = useNavigate({ from: '/settings/members/service-accounts' });
  const mayCreate = useMay('service_account.create');
  const [adding, { open, close }] = useDisclosure(false);
  const paused = useIsPaused();
  const pages = usePages(['service-accounts', filters], (page, signal) =>
    postern.serviceAccounts.list(toQuery(filters, page), { signal }),
  );
  const reason = paused ? PAUSED_REASON : mayCreate ? undefined : 'Only organization admins can add service accounts.';
  useOpenedByAddress(
    add && reason === undefined,
    open,
    () => void navigate({ search: filters, replace: true, resetScroll: false }),
  );

  return (
    <Page
      title="Service accounts"
      heading="Members"
      actions={
        <ReasonButton reason={reason} onClick={open} variant="filled">
          Add service account
        </ReasonButton>
      }
    >
      <MembersTabs active="service-accounts" />
      {paused && <PausedNotice />}
      <Filters filters={filters} />
      <AccountList pages={pages} filters={filters} paused={paused} onAdd={reason === undefined ? open : undefined} />
      <AddDialog opened={adding} onClose={close} />
    </Page>
  );
}

function toQuery({ search, status, role, sort }: AccountListSearch, page: object): ServiceAccountQuery {
  return { ...page, search, status, organizationRole: role, sort: sort ?? 'name' };
}

function Filters({ filters }: { readonly filters: AccountListSearch }) {
  const navigate = useNavigate({ from: '/settings/members/service-accounts' });
  const change = (changed: Partial<Record<keyof AccountListSearch, string | null>>) =>
    void navigate({
      search: (before: AccountListSearch) => clean({ ...before, ...changed }) as AccountListSearch,
      replace: true,
    });
  return (
    <search className={classes.filters}>
      <SearchField value={filters.search ?? ''} onSearch={(search) => change({ search })} />
      <Select
        aria-label="Status"
        placeholder="Any status"
        clearable
        data={[
          { value: 'active', label: 'Active' },
          { value: 'disabled', label: 'Disabled' },
        ]}
        value={filters.status ?? null}
        onChange={(status) => change({ status })}
      />
      <Select
        aria-label="Role"
        placeholder="Any role"
        clearable
        data={ACCOUNT_ROLES.map(({ value, label }) => ({ value, label }))}
        value={filters.role ?? null}
        onChange={(role) => change({ role })}
      />
      <Select
        aria-label="Sort"
        className={classes.sort}
        data={SORTS}
        value={filters.sort ?? 'name'}
        allowDeselect={false}
        onChange={(sort) => change({ sort: sort === 'name' ? null : sort })}
      />
    </search>
  );
}

function clean(search: object): object {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  );
}

interface AccountListProps {
  readonly pages: Pages<ServiceAccount>;
  readonly filters: AccountListSearch;
  readonly paused: boolean;
  readonly onAdd: (() => void) | undefined;
}

function AccountList({ pages, filters, paused, onAdd }: AccountListProps) {
  const navigate = useNavigate({ from: '/settings/members/service-accounts' });
  const { asked, item, ask, close } = useAskedOf<ServiceAccount, AccountQuestion>();
  const { mutate: enable } = useEnable();
  const account = pages.items?.find(({ id }) => id === item?.id) ?? item;
  const filtered = Boolean(filters.search || filters.status || filters.role);
  return (
    <>
      <ListBody
        what="service accounts"
        caption="Service accounts"
        columns={COLUMNS}
        pages={pages}
        height={accountHeight}
        row={(each) => <AccountRow account={each} paused={paused} ask={ask} enable={enable} />}
        empty={
          filtered ? (
            <Empty
              action={
                <Button onClick={() => navigate({ search: filters.sort ? { sort: filters.sort } : {} })}>
                  Clear search
                </Button>
              }
            >
              No service account matches.
            </Empty>
          ) : (
            <Empty
              action={onAdd && <Button onClick={onAdd}>Add service account</Button>}
              command="postern service-account create nightly-import"
            >
              No service accounts yet. They are identities for programs.
            </Empty>
          )
        }
      />
      {account && (
        <AccountDialogs
          key={account.id}
          account={account}
          asked={asked}
          ask={(question) => ask(question, account)}
          onClose={close}
        />
      )}
    </>
  );
}

/** Its cells, or as a card its lines; with a line more where it is described. */
function accountHeight({ description }: ServiceAccount, narrow: boolean): number {
  if (narrow) return description ? 167 : 151;
  return description ? 49 : 41;
}

interface AccountRowProps {
  readonly account: ServiceAccount;
  readonly paused: boolean;
  readonly ask: AskedOf<ServiceAccount, AccountQuestion>['ask'];
  readonly enable: (account: ServiceAccount) => void;
}

const AccountRow = memo(({ account, paused, ask, enable }: AccountRowProps) => (
  <Row>
    <Cell column="Name" heading>
      <span className={classes.name}>
        <Link
          to="/settings/members/service-accounts/$accountId"
          params={{ accountId: account.id }}
          className="quiet-link"
          title={account.displayName}
        >
          <bdi>{account.displayName}</bdi>
        </Link>
        {account.description && (
          <span className="meta" title={account.description}>
            <bdi>{account.description}</bdi>
          </span>
        )}
      </span>
    </Cell>
    <Cell column="Role">{roleLabel(account.organizationRole)}</Cell>
    <Cell column="Status">{paused ? <Paused /> : account.status === 'active' ? <Active /> : <Disabled />}</Cell>
    <Cell column="Tokens" align="end">
      {account.tokenCount}
    </Cell>
    <Cell column="Last used">
      {account.lastUsedAt ? <Time at={account.lastUsedAt} /> : <span className="muted">Never used</span>}
    </Cell>
    <Cell column="Actions">
      <AccountMenu account={account} readOnly={paused ? PAUSED_REASON : undefined} ask={ask} enable={enable} />
    </Cell>
  </Row>
));
