import type { Organization } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Pending } from '../part/pending.tsx';
import { Section } from '../shell/page.tsx';
import { organizationQuery } from '../token/limits.ts';
import { TokenPolicyForm } from './token-policy-form.tsx';

/** Who may have tokens, and for how long; what a change would touch is shown before it is made. */
export function TokenPolicySection() {
  const organization = useQuery(organizationQuery);
  // Who has begun to change it goes on with the version that they began with.
  const [begun, setBegun] = useState<Organization | null>(null);
  // A form that has ended, whatever came of it, leaves nothing to the next one.
  const [ended, setEnded] = useState(0);
  const version = begun ?? organization.data;
  return (
    <Section label="Token policy" hint="For every token of this organization, existing ones included">
      <Pending what="the token policy" query={organization} />
      {version && (
        <TokenPolicyForm
          key={`${ended} ${JSON.stringify(version.tokenPolicy)}`}
          organization={version}
          onBegin={() => setBegun(version)}
          onEnd={() => {
            setBegun(null);
            setEnded(ended + 1);
          }}
        />
      )}
    </Section>
  );
}
