import { Button, Checkbox, NumberInput, Radio } from '@mantine/core';
import type { TokenPolicy, TokenPolicyPreview } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { GroupsSelect } from '../group/groups-select.tsx';
import { Refusal } from '../part/failure.tsx';
import { Pending } from '../part/pending.tsx';
import { ReasonButton } from '../part/reason-button.tsx';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { accountQuery } from '../service-account/query.ts';
import { useMay } from '../shell/me.ts';
import { Section } from '../shell/page.tsx';
import { organizationQuery } from '../token/limits.ts';

/** Who may have tokens, and for how long; what a change would touch is shown before it is made. */
export function TokenPolicySection() {
  const organization = useQuery({ ...organizationQuery, refetchInterval: false, refetchOnWindowFocus: false });
  return (
    <Section label="Token policy" hint="For every token of this organization, existing ones included">
      <Pending what="the token policy" query={organization} />
      {organization.data && (
        <PolicyForm key={JSON.stringify(organization.data.tokenPolicy)} policy={organization.data.tokenPolicy} />
      )}
    </Section>
  );
}

type Creation = 'everyone' | 'nobody' | 'groups';

function PolicyForm({ policy }: { readonly policy: TokenPolicy }) {
  const queryClient = useQueryClient();
  const mayUpdate = useMay('organization.update');
  const [creation, setCreation] = useState<Creation>(typeof policy.creation === 'string' ? policy.creation : 'groups');
  const [groupIds, setGroupIds] = useState<string[]>(
    typeof policy.creation === 'string' ? [] : policy.creation.groupIds,
  );
  const [maxLifetimeDays, setMaxLifetimeDays] = useState<number | null>(policy.maxLifetimeDays ?? null);
  const [requireExpiry, setRequireExpiry] = useState(policy.requireExpiry);
  const wanted: TokenPolicy = {
    creation: creation === 'groups' ? { groupIds } : creation,
    maxLifetimeDays,
    requireExpiry,
  };
  const preview = useMutation({ mutationFn: () => postern.organization.previewTokenPolicy(wanted) });
  const save = useMutation({
    mutationFn: () => postern.organization.update({ tokenPolicy: wanted }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['organization'] });
      say('The token policy has changed.');
    },
  });
  const changed =
    <Value,>(set: (value: Value) => void) =>
    (value: Value) => {
      set(value);
      preview.reset();
      save.reset();
    };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        preview.mutate();
      }}
    >
      <Radio.Group
        label="Who may create tokens"
        value={creation}
        onChange={changed((value: string) => setCreation(value as Creation))}
      >
        <div className="stack-tight" style={{ paddingTop: 6 }}>
          <Radio value="everyone" label="Everyone" disabled={!mayUpdate} />
          <Radio value="groups" label="Members of some groups" disabled={!mayUpdate} />
          <Radio value="nobody" label="Nobody" disabled={!mayUpdate} />
        </div>
      </Radio.Group>
      {creation === 'groups' && <GroupsSelect value={groupIds} onChange={changed(setGroupIds)} disabled={!mayUpdate} />}
      <NumberInput
        label="Maximum lifetime in days"
        description="Empty: no limit. An existing value stops working that long after it was made."
        min={1}
        max={3_650}
        allowDecimal={false}
        value={maxLifetimeDays ?? ''}
        onChange={changed((value: number | string) => setMaxLifetimeDays(value === '' ? null : Number(value)))}
        disabled={!mayUpdate}
        style={{ maxWidth: 420 }}
      />
      <Checkbox
        label="Expiry required"
        description="Those that never expire stop working."
        checked={requireExpiry}
        onChange={(event) => changed(setRequireExpiry)(event.currentTarget.checked)}
        disabled={!mayUpdate}
      />
      <Refusal error={preview.error ?? save.error} />
      <div role="status">{preview.data && <Effect preview={preview.data} />}</div>
      <div className="row">
        {preview.data && !save.isSuccess ? (
          <Button
            variant="filled"
            data-tone={preview.data.affected > 0 ? 'brick' : undefined}
            onClick={() => save.mutate()}
            aria-disabled={save.isPending || undefined}
          >
            {save.isPending ? 'Saving…' : 'Save policy'}
          </Button>
        ) : (
          <ReasonButton
            reason={mayUpdate ? undefined : 'Only organization admins can change the policy.'}
            onClick={() => preview.mutate()}
          >
            {preview.isPending ? 'Looking…' : 'Preview'}
          </ReasonButton>
        )}
      </div>
    </form>
  );
}

const SHOWN = 20;

function Effect({ preview: { affected, usedInLast30Days, tokens } }: { readonly preview: TokenPolicyPreview }) {
  if (affected === 0) return <p>No token that works now would stop working.</p>;
  const shown = tokens.slice(0, SHOWN);
  return (
    <div>
      <p>
        <strong>{counted(affected, 'token stops', 'tokens stop')} working</strong>;{' '}
        {usedSentence(affected, usedInLast30Days)}
      </p>
      <ul>
        {shown.map(({ id, name, hint, accountId }) => (
          <li key={id}>
            <Owner id={accountId} /> / <bdi>{name}</bdi> <code className="muted">…{hint}</code>
          </li>
        ))}
        {affected > shown.length && (
          <li className="muted">and {counted(affected - shown.length, 'other', 'others')}</li>
        )}
      </ul>
    </div>
  );
}

function usedSentence(affected: number, used: number): string {
  if (used === 0) return 'none was used in the last 30 days.';
  if (affected === 1) return 'it was used in the last 30 days.';
  return `${used === 1 ? 'one of them was' : `${used} of them were`} used in the last 30 days.`;
}

/** Whose token it is; two of the same name are told apart by that. */
function Owner({ id }: { readonly id: string }) {
  const account = useQuery({ ...accountQuery(id), enabled: id.startsWith('sa_'), refetchInterval: false });
  return id.startsWith('sa_') ? (
    <Link to="/settings/members/service-accounts/$accountId" params={{ accountId: id }}>
      <bdi>{account.data?.displayName ?? id}</bdi>
    </Link>
  ) : (
    <code>{id}</code>
  );
}
