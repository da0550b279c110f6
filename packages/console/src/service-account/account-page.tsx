import type { ServiceAccount } from '@postern/sdk';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Activity } from '../audit-event/activity.tsx';
import { type Attention, accountAttentionQuery } from '../overview/attention.ts';
import { Copy } from '../part/copy.tsx';
import { useLeave } from '../part/leave.ts';
import { Pending } from '../part/pending.tsx';
import { ReasonButton } from '../part/reason-button.tsx';
import { Active, Disabled, Paused } from '../part/state.tsx';
import { Tag } from '../part/tag.tsx';
import { Time } from '../part/time.tsx';
import { useMay } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { accountTokens } from '../token/resource.ts';
import { TokensSection } from '../token/tokens-section.tsx';
import { AccessSection } from './access-section.tsx';
import { AccountActions } from './account-actions.tsx';
import classes from './account-page.module.css';
import { AttentionSection } from './attention-section.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { useEnable } from './enable.tsx';
import { MembershipsSection } from './memberships-section.tsx';
import { PAUSED_REASON, PausedNotice, useIsPaused } from './plan.tsx';
import { accountQuery, disablingQuery, roleLabel } from './query.ts';

const UsageChart = lazy(async () => ({ default: (await import('./usage-chart.tsx')).UsageChart }));

/** Everything about one service account, in the order in which it is asked. */
export function ServiceAccountPage() {
  const { accountId } = useParams({ from: '/shell/settings/members/service-accounts/$accountId' });
  const { add } = useSearch({ from: '/shell/settings/members/service-accounts/$accountId' });
  const account = useQuery(accountQuery(accountId));
  const paused = useIsPaused();
  // Asked for beside the account: what stands below waits for it.
  const attention = useQuery({ ...accountAttentionQuery(accountId), enabled: !paused });
  if (!account.data) {
    return (
      <Page title="Service account" above={<Link to="/settings/members/service-accounts">← Service accounts</Link>}>
        <Pending what="this service account" query={account} />
      </Page>
    );
  }
  return (
    <AccountPage
      key={accountId}
      account={account.data}
      paused={paused}
      attention={paused ? undefined : attention}
      adding={add ?? false}
    />
  );
}

interface AccountPageProps {
  readonly account: ServiceAccount;
  readonly paused: boolean;
  /** Undefined where nothing can be attended to. */
  readonly attention:
    | Pick<UseQueryResult<{ readonly items: readonly Attention[] }>, 'data' | 'error' | 'refetch'>
    | undefined;
  readonly adding: boolean;
}

function AccountPage({ account, paused, attention, adding }: AccountPageProps) {
  const mayCreate = useMay('token.create');
  const navigate = useNavigate({ from: '/settings/members/service-accounts/$accountId' });
  const leave = useLeave('/settings/members/service-accounts');
  const [editing, setEditing] = useState(false);
  const readOnly = paused ? PAUSED_REASON : undefined;
  const tokens = useMemo(() => accountTokens(account.id), [account.id]);
  const reason = readOnly
    ? readOnly
    : account.status === 'disabled'
      ? 'This account is disabled. Enable it first.'
      : mayCreate
        ? undefined
        : 'Only organization admins can add tokens.';
  return (
    <Page
      title={account.displayName}
      heading={<bdi>{account.displayName}</bdi>}
      above={<Link to="/settings/members/service-accounts">← Service accounts</Link>}
      lead={
        <div className={classes.facts}>
          <span className="row">
            {paused ? <Paused /> : account.status === 'active' ? <Active /> : <Disabled />}
            <Tag>{roleLabel(account.organizationRole)}</Tag>
            <span className="row" style={{ gap: 2 }}>
              <code>{account.id}</code>
              <Copy text={account.id} label="Copy the id" />
            </span>
          </span>
          {account.description && (
            <p className={classes.description}>
              <bdi>{account.description}</bdi>
            </p>
          )}
          <p className="meta">
            Created by <bdi>{account.createdBy.displayName}</bdi>, <Time at={account.createdAt} focusable />;{' '}
            {account.lastUsedAt ? (
              <>
                last used <Time at={account.lastUsedAt} focusable />
              </>
            ) : (
              'never used'
            )}
          </p>
        </div>
      }
      actions={
        <>
          <ReasonButton onClick={() => setEditing(true)} reason={readOnly}>
            Rename
          </ReasonButton>
          <AccountActions account={account} readOnly={readOnly} onGone={leave} />
        </>
      }
    >
      {paused && <PausedNotice />}
      {account.status === 'disabled' && <DisabledNotice account={account} readOnly={readOnly} />}
      {attention && <Pending what="what needs attention" query={attention} />}
      {attention?.data && <AttentionSection items={attention.data.items} />}
      {/* What stands above it is known before it is shown, or it would be pushed down under somebody's pointer. */}
      <div className={classes.rest} aria-busy={attention !== undefined && !attention.data && !attention.error}>
        <TokensSection
          resource={tokens}
          reason={reason}
          readOnly={readOnly}
          adding={adding}
          onAdding={() => void navigate({ search: {}, replace: true, resetScroll: false })}
        />
        <MembershipsSection account={account} readOnly={readOnly} />
        <AccessSection account={account} />
        <Section label="Use" hint="Calls by day, the last 30 days">
          <Suspense fallback={<div className={classes.chartPlace} aria-busy="true" />}>
            <UsageChart accountId={account.id} />
          </Suspense>
        </Section>
        <Section label="Activity" hint="Done by it, and to it, its tokens and its roles">
          <Activity of={{ principalId: account.id }} />
        </Section>
      </div>
      <EditDialog account={account} opened={editing} onClose={() => setEditing(false)} />
    </Page>
  );
}

interface DisabledNoticeProps {
  readonly account: ServiceAccount;
  readonly readOnly: string | undefined;
}

function DisabledNotice({ account, readOnly }: DisabledNoticeProps) {
  const enable = useEnable();
  const disabling = useQuery(disablingQuery(account.id)).data;
  return (
    <div className={classes.notice} role="status">
      {disabling ? (
        <span>
          Disabled by <bdi>{disabling.actor.displayName}</bdi> <Time at={disabling.at} focusable />.{' '}
          {deletedSentence(Number(disabling.details['tokensDeleted'] ?? 0))} Its memberships are kept.
        </span>
      ) : (
        <span>This account is disabled. Its tokens were deleted; its memberships are kept.</span>
      )}
      <ReasonButton reason={readOnly} onClick={() => !enable.isPending && enable.mutate(account)}>
        {enable.isPending ? 'Enabling…' : 'Enable'}
      </ReasonButton>
    </div>
  );
}

function deletedSentence(count: number): string {
  if (count === 0) return 'It had no tokens.';
  return count === 1 ? 'Its token was deleted.' : `Its ${count} tokens were deleted.`;
}
