import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { QuarantineSection } from '../organization/quarantine-section.tsx';
import { Copy } from '../part/copy.tsx';
import { AskAdmin } from '../part/forbidden.tsx';
import { LinkButton } from '../part/link-button.tsx';
import { Pending } from '../part/pending.tsx';
import { recentTime, useNow } from '../part/time.tsx';
import { useMay, useMe } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { type Attention, attentionQuery, firstStepsQuery } from './attention.ts';
import { attentionSentence } from './attention-sentence.ts';
import classes from './overview.module.css';

/** What needs somebody, and nothing else. */
export function OverviewPage() {
  const me = useMe();
  const mayRead = useMay('service_account.read');
  return (
    <Page title="Overview" heading={<bdi>{me.organization.name}</bdi>}>
      <QuarantineSection />
      {mayRead ? <AdminOverview /> : <OwnOverview />}
    </Page>
  );
}

function AdminOverview() {
  const steps = useQuery(firstStepsQuery);
  const attention = useQuery(attentionQuery);
  const now = useNow();
  const { data } = attention;
  const fresh = steps.data && !(steps.data.account && steps.data.token && steps.data.used);
  return (
    <>
      {fresh && <FirstSteps {...steps.data} />}
      <Section label={data && data.items.length > 0 ? `Needs attention (${data.items.length})` : 'Needs attention'}>
        <Pending what="what needs attention" query={attention} />
        {data?.items.length === 0 && (
          <p role="status">
            Nothing needs you. <span className="muted">Checked {recentTime(attention.dataUpdatedAt, now)}.</span>
          </p>
        )}
        {data && data.items.length > 0 && (
          <ul className={classes.lines}>
            {data.items.map((item) => (
              <AttentionLine key={item.key} item={item} now={now} />
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}

function AttentionLine({ item, now }: { readonly item: Attention; readonly now: number }) {
  return (
    <li>
      <span>
        <strong>
          <bdi>{item.account}</bdi>
          {item.token !== null && (
            <>
              {' / '}
              <bdi>{item.token}</bdi>
            </>
          )}
        </strong>
        : {attentionSentence(item, now)}
      </span>
      <LinkButton
        to="/settings/members/service-accounts/$accountId"
        params={{ accountId: item.accountId }}
        aria-label={`View ${item.account}${item.token === null ? '' : ` / ${item.token}`}`}
      >
        View
      </LinkButton>
    </li>
  );
}

interface FirstStepsProps {
  readonly account: boolean;
  readonly token: boolean;
  readonly used: boolean;
}

/** Three steps that tick themselves. */
function FirstSteps({ account, token, used }: FirstStepsProps) {
  const line = `curl -H "Authorization: Bearer $POSTERN_TOKEN" ${location.origin}/api/v1/me`;
  return (
    <Section label="Get started">
      <ol className={classes.steps}>
        <Step done={account} title="Create a service account">
          <Link to="/settings/members/service-accounts">Service accounts</Link> are identities for programs: one for
          each thing that runs by itself.
        </Step>
        <Step done={token} title="Give it a token">
          On the account’s page, <em>Add token</em>. The value is shown once.
        </Step>
        <Step done={used} title="Call with it">
          <span className={classes.line}>
            <code>{line}</code>
            <Copy text={line} label="Copy the line" />
          </span>
        </Step>
      </ol>
    </Section>
  );
}

function Step({
  done,
  title,
  children,
}: {
  readonly done: boolean;
  readonly title: string;
  readonly children: ReactNode;
}) {
  return (
    <li data-done={done}>
      <span aria-hidden="true" className={classes.tick}>
        {done ? '✓' : '○'}
      </span>
      <div>
        <strong>{title}</strong>
        <span className="visually-hidden">{done ? ' (done)' : ' (to do)'}</span>
        <div className="muted">{children}</div>
      </div>
    </li>
  );
}

/** Somebody who manages nothing: what is theirs. */
function OwnOverview() {
  const me = useMe();
  return (
    <>
      <Section label="Workspaces">
        {me.workspaces.length === 0 ? (
          <p className="muted">
            You are in no workspace yet. <AskAdmin />
          </p>
        ) : (
          <ul className={classes.lines}>
            {me.workspaces.map(({ id, name, role }) => (
              <li key={id}>
                <Link to="/settings/workspaces/$workspaceId" params={{ workspaceId: id }}>
                  <bdi>{name}</bdi>
                </Link>
                <span className="muted">{role}</span>
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Section label="Groups">
        {me.groups.length === 0 ? (
          <p className="muted">You are in no group.</p>
        ) : (
          <ul className={classes.lines}>
            {me.groups.map(({ id, name, role }) => (
              <li key={id}>
                <Link to="/settings/groups/$groupId" params={{ groupId: id }}>
                  <bdi>{name}</bdi>
                </Link>
                <span className="muted">{role}</span>
              </li>
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}
