import { Button } from '@mantine/core';
import type { Organization } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Copy } from '../part/copy.tsx';
import { Pending } from '../part/pending.tsx';
import { Time } from '../part/time.tsx';
import { useMay, useMe } from '../shell/me.ts';
import { Page, Section } from '../shell/page.tsx';
import { organizationQuery } from '../token/limits.ts';
import { QuarantineSection } from './quarantine-section.tsx';
import { RenameDialog } from './rename-dialog.tsx';

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
      <QuarantineSection />
      <Section label="Name">{facts ? <Name organization={facts} /> : <bdi>{own.name}</bdi>}</Section>
      <Section label="Id">
        <span className="row" style={{ gap: 2 }}>
          <code>{own.id}</code>
          <Copy text={own.id} label="Copy the id" />
        </span>
      </Section>
      <Section label="Plan" hint="Set by the operator of this server">
        <p>{PLANS[own.plan]}</p>
      </Section>
      {mayRead && (
        <Section label="Created">
          <Pending what="the rest" query={organization} />
          {facts && <Time at={facts.createdAt} focusable />}
        </Section>
      )}
    </Page>
  );
}

function Name({ organization }: { readonly organization: Organization }) {
  const mayUpdate = useMay('organization.update');
  const [renaming, setRenaming] = useState(false);
  return (
    <div className="row">
      <bdi>{organization.name}</bdi>
      {mayUpdate && <Button onClick={() => setRenaming(true)}>Rename</Button>}
      <RenameDialog opened={renaming} onClose={() => setRenaming(false)} />
    </div>
  );
}
