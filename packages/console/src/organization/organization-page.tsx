import { Button, TextInput } from '@mantine/core';
import type { Organization } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Copy } from '../part/copy.tsx';
import { Failure, Refusal } from '../part/failure.tsx';
import { useFields } from '../part/fields.ts';
import { Time } from '../part/time.tsx';
import { useUndo } from '../part/undo.tsx';
import { postern } from '../postern.ts';
import { useMay, useMe } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { organizationQuery } from '../token/limits.ts';
import classes from './organization-page.module.css';
import { QuarantineSection } from './quarantine-section.tsx';

const PLANS = {
  community: 'Community: people and their own tokens. Service accounts are paused.',
  commercial: 'Commercial: with service accounts.',
  enterprise: 'Enterprise: with service accounts.',
} as const;

export function OrganizationPage() {
  const { organization: own } = useMe();
  const mayRead = useMay('organization.read');
  const organization = useQuery({ ...organizationQuery, enabled: mayRead });
  const facts = organization.data;
  return (
    <Page title="Organization">
      {organization.error && !facts && (
        <Failure what="the organization" error={organization.error} retry={organization.refetch} />
      )}
      <QuarantineSection />
      <Section label="Name">{facts ? <Rename key={facts.id} organization={facts} /> : <bdi>{own.name}</bdi>}</Section>
      <Section label="Id">
        <span className="row" style={{ gap: 2 }}>
          <code>{own.id}</code>
          <Copy text={own.id} label="Copy the id" />
        </span>
      </Section>
      <Section label="Plan" hint="Set by the operator of this server">
        <p>{PLANS[own.plan]}</p>
      </Section>
      {facts && (
        <Section label="Created">
          <Time at={facts.createdAt} focusable />
        </Section>
      )}
    </Page>
  );
}

function Rename({ organization }: { readonly organization: Organization }) {
  const queryClient = useQueryClient();
  const undo = useUndo();
  const mayUpdate = useMay('organization.update');
  const fields = useFields({ name: organization.name });
  const [left, setLeft] = useState<Error | null>(null);
  const refresh = async () => {
    await queryClient.invalidateQueries({ queryKey: ['organization'] });
    await queryClient.invalidateQueries({ queryKey: ['me'] });
  };
  const rename = useMutation({
    mutationFn: () => postern.organization.update(fields.values),
    async onSuccess() {
      const before = organization.name;
      setLeft(null);
      await refresh();
      undo('Renamed.', async () => {
        await postern.organization.update({ name: before });
        fields.set('name', before);
        await refresh();
      });
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  if (!mayUpdate) return <bdi>{organization.name}</bdi>;
  return (
    <form
      className={classes.rename}
      onSubmit={(event) => {
        event.preventDefault();
        if (!rename.isPending && fields.values.name !== organization.name) rename.mutate();
      }}
    >
      <div ref={fields.form}>
        <TextInput aria-label="Name" maxLength={200} {...fields.text('name')} />
      </div>
      <Button type="submit" aria-disabled={fields.values.name === organization.name || undefined}>
        {rename.isPending ? 'Renaming…' : 'Rename'}
      </Button>
      <Refusal error={left} />
    </form>
  );
}
