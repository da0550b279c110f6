import { Button, PasswordInput } from '@mantine/core';
import type { Session } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Refusal, sentenceOf } from '../part/failure.tsx';
import { useFields } from '../part/fields.ts';
import { Pending } from '../part/pending.tsx';
import { Cell, type Column, Table } from '../part/table.tsx';
import { Tag } from '../part/tag.tsx';
import { Time } from '../part/time.tsx';
import { alarm, say } from '../part/toast.ts';
import { postern, signIn } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { signInOptionsQuery } from '../sign-in/options.ts';
import { NewPasswordHint } from '../sign-in/password-hint.tsx';
import { agentName } from '../token/agent.ts';
import { TokenPolicySection } from './token-policy-section.tsx';
import { TwoStepSection } from './two-step-section.tsx';

const SESSION_COLUMNS: readonly Column[] = [
  { name: 'Browser', width: '34%' },
  { name: 'Address' },
  { name: 'Signed in' },
  { name: 'Actions', hidden: true, width: '84px' },
];

/** What the organization asks of tokens, and how one proves who one is. */
export function SecurityPage() {
  const mayRead = useMay('organization.read');
  return (
    <Page title="Security">
      {mayRead && <TokenPolicySection />}
      <ProvidersSection />
      <SessionsSection />
      <PasswordSection />
      <TwoStepSection />
    </Page>
  );
}

function ProvidersSection() {
  const options = useQuery(signInOptionsQuery);
  const providers = options.data?.providers ?? [];
  return (
    <Section label="Single sign-on" hint="Set by the operator of this server">
      <Pending what="the providers" query={options} />
      {options.data && (
        <p>
          {providers.length === 0
            ? 'None is configured: people sign in with e-mail and password.'
            : `People who were invited can sign in with ${providers.map(({ displayName }) => displayName).join(', ')}.`}
        </p>
      )}
    </Section>
  );
}

function SessionsSection() {
  const queryClient = useQueryClient();
  const sessions = useQuery({
    queryKey: ['me', 'sessions'],
    queryFn: ({ signal }) => postern.me.sessions.list({ signal }),
  });
  const end = useMutation({
    mutationFn: ({ id }: Session) => postern.me.sessions.end(id),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['me', 'sessions'] });
      say('The session has ended.');
    },
    onError: (error) => alarm(sentenceOf(error)),
  });
  return (
    <Section label="Sessions" hint="Where you are signed in">
      <Pending what="your sessions" query={sessions} />
      {sessions.data && (
        <Table caption="Sessions" columns={SESSION_COLUMNS}>
          {sessions.data.map((session) => (
            <tr key={session.id}>
              <Cell column="Browser" heading>
                <span className="row" title={session.userAgent}>
                  {browserName(session.userAgent)}
                  {session.current && <Tag>This one</Tag>}
                </span>
              </Cell>
              <Cell column="Address">
                <code>{session.address}</code>
              </Cell>
              <Cell column="Signed in">
                <Time at={session.signedInAt} />
              </Cell>
              <Cell column="Actions">
                {!session.current && (
                  <Button
                    variant="subtle"
                    onClick={() => end.mutate(session)}
                    aria-label={`End the session of ${browserName(session.userAgent)} at ${session.address}`}
                  >
                    End
                  </Button>
                )}
              </Cell>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

/** Browsers all say Mozilla first; what tells them apart comes last. */
function browserName(userAgent: string): string {
  const known = ['Edg', 'OPR', 'Firefox', 'Chrome', 'HeadlessChrome', 'Safari'].find((name) =>
    userAgent.includes(`${name}/`),
  );
  const names: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera', HeadlessChrome: 'Chrome' };
  return known === undefined ? agentName(userAgent) || 'Unknown' : (names[known] ?? known);
}

function PasswordSection() {
  const queryClient = useQueryClient();
  const fields = useFields({ currentPassword: '', newPassword: '' });
  const [left, setLeft] = useState<Error | null>(null);
  const change = useMutation({
    mutationFn: () => signIn.changePassword(fields.values),
    async onSuccess() {
      setLeft(null);
      fields.set('currentPassword', '');
      fields.set('newPassword', '');
      await queryClient.invalidateQueries({ queryKey: ['me', 'sessions'] });
      say('Your password has changed. All your other sessions have ended.');
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  return (
    <Section label="Password" hint="Changing it ends all your other sessions">
      <form
        className="stack"
        style={{ maxWidth: 360 }}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!change.isPending) change.mutate();
        }}
      >
        <div ref={fields.form} className="stack">
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            {...fields.text('currentPassword')}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the current password' }}
          />
          <PasswordInput
            label="New password"
            description={<NewPasswordHint />}
            autoComplete="new-password"
            {...fields.text('newPassword')}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the new password' }}
          />
        </div>
        <Refusal error={left} />
        <div>
          <Button type="submit" aria-disabled={change.isPending || undefined}>
            {change.isPending ? 'Changing…' : 'Change password'}
          </Button>
        </div>
      </form>
    </Section>
  );
}
