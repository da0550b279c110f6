import { Button, Checkbox, NumberInput, Radio } from '@mantine/core';
import type { Organization, TokenPolicy } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { GroupsSelect } from '../group/groups-select.tsx';
import { useGroupNames } from '../group/names.ts';
import { refreshOrganization } from '../organization/refresh.ts';
import { AsCommand } from '../part/as-command.tsx';
import { command } from '../part/command.ts';
import { Conflict, type Facts, useEdit } from '../part/edit-dialog.tsx';
import { Refusal } from '../part/failure.tsx';
import { useFields } from '../part/fields.ts';
import { ReasonButton } from '../part/reason-button.tsx';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { PolicyEffect } from './policy-effect.tsx';

interface TokenPolicyFormProps {
  /** The version that is changed. */
  readonly organization: Organization;
  readonly onBegin: () => void;
  readonly onEnd: () => void;
}

/** Preview first, then save; over the version that was read only. */
export function TokenPolicyForm({ organization, onBegin, onEnd }: TokenPolicyFormProps) {
  const queryClient = useQueryClient();
  const mayUpdate = useMay('organization.update');
  const fields = useFields(valuesOf(organization));
  const { values } = fields;
  const preview = useMutation({ mutationFn: () => postern.organization.previewTokenPolicy(policyOf(values)) });
  const names = useGroupNames(values.groupIds);
  const edit = useEdit({
    thing: organization,
    valuesOf,
    fields,
    update: (wanted, version) => postern.organization.update({ tokenPolicy: policyOf(wanted) }, { ifMatch: version }),
    sent: { groupIds: values.groupIds.map((id) => names.get(id) ?? id) },
    read: () => postern.organization.get(),
    refresh: () => refreshOrganization(queryClient),
    onClose: onEnd,
    undoable: false,
  });
  const theirs = edit.theirs && valuesOf(edit.theirs);
  const theirNames = useGroupNames(theirs?.groupIds ?? []);
  if (theirs) {
    return (
      <Conflict
        what="the token policy"
        mine={factsOf(values, names)}
        theirs={factsOf(theirs, theirNames)}
        edit={edit}
      />
    );
  }
  function change<Name extends keyof Values>(name: Name, value: Values[Name]): void {
    onBegin();
    fields.set(name, value);
    preview.reset();
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        preview.mutate();
      }}
    >
      <div ref={fields.form} className="stack">
        <Radio.Group
          label="Who may create tokens"
          value={values.creation}
          error={fields.errors.creation}
          onChange={(creation) => change('creation', creation as Creation)}
        >
          <div className="stack-tight" style={{ paddingTop: 6 }}>
            {CREATIONS.map(({ value, label }) => (
              <Radio key={value} value={value} label={label} disabled={!mayUpdate} />
            ))}
          </div>
        </Radio.Group>
        {values.creation === 'groups' && (
          <GroupsSelect
            value={values.groupIds}
            onChange={(groupIds) => change('groupIds', groupIds)}
            error={fields.errors.groupIds}
            disabled={!mayUpdate}
          />
        )}
        <NumberInput
          label="Maximum lifetime in days"
          description="Leave it empty for no limit. Existing values stop working that long after they were made."
          min={1}
          max={3_650}
          allowDecimal={false}
          value={values.maxLifetimeDays ?? ''}
          error={fields.errors.maxLifetimeDays}
          onChange={(days) => change('maxLifetimeDays', days === '' ? null : Number(days))}
          disabled={!mayUpdate}
          style={{ maxWidth: 420 }}
        />
        <Checkbox
          label="Expiry required"
          description="Tokens that never expire stop working."
          checked={values.requireExpiry}
          error={fields.errors.requireExpiry}
          onChange={(event) => change('requireExpiry', event.currentTarget.checked)}
          disabled={!mayUpdate}
        />
      </div>
      <Refusal error={preview.error ?? edit.error} />
      <div role="status">{preview.data && <PolicyEffect preview={preview.data} />}</div>
      {mayUpdate && (
        <>
          <AsCommand>{asCommand(values)}</AsCommand>
          <div className="row">
            <Button onClick={() => !preview.isPending && preview.mutate()}>
              {preview.isPending ? 'Looking…' : 'Preview'}
            </Button>
            <ReasonButton
              variant="filled"
              data-tone={preview.data && preview.data.affected > 0 ? 'brick' : undefined}
              reason={preview.data ? undefined : 'Preview it first.'}
              // The second of two quick clicks was for what stood here before: nobody has read what they save.
              onClick={({ detail }) => detail < 2 && !edit.pending && edit.save()}
              aria-disabled={edit.pending || undefined}
            >
              {edit.pending ? 'Saving…' : 'Save policy'}
            </ReasonButton>
          </div>
        </>
      )}
    </form>
  );
}

type Creation = 'everyone' | 'groups' | 'nobody';

const CREATIONS: readonly { readonly value: Creation; readonly label: string }[] = [
  { value: 'everyone', label: 'Everyone' },
  { value: 'groups', label: 'Members of some groups' },
  { value: 'nobody', label: 'Nobody' },
];

interface Values {
  readonly creation: Creation;
  /** Of `groups` only. */
  readonly groupIds: readonly string[];
  readonly maxLifetimeDays: number | null;
  readonly requireExpiry: boolean;
}

function valuesOf({ tokenPolicy: { creation, maxLifetimeDays = null, requireExpiry } }: Organization): Values {
  return typeof creation === 'string'
    ? { creation, groupIds: [], maxLifetimeDays, requireExpiry }
    : { creation: 'groups', groupIds: creation.groupIds, maxLifetimeDays, requireExpiry };
}

function policyOf({ creation, groupIds, maxLifetimeDays, requireExpiry }: Values): TokenPolicy {
  return {
    creation: creation === 'groups' ? { groupIds: [...groupIds] } : creation,
    maxLifetimeDays,
    requireExpiry,
  };
}

function factsOf(
  { creation, groupIds, maxLifetimeDays, requireExpiry }: Values,
  names: ReadonlyMap<string, string>,
): Facts {
  return {
    'Who may create tokens': CREATIONS.find(({ value }) => value === creation)?.label ?? creation,
    Groups: groupIds.map((id) => names.get(id) ?? id),
    'Maximum lifetime': maxLifetimeDays === null ? 'No limit' : counted(maxLifetimeDays, 'day', 'days'),
    'Expiry required': requireExpiry ? 'Yes' : 'No',
  };
}

function asCommand({ creation, groupIds, maxLifetimeDays, requireExpiry }: Values): string {
  return command('organization set-token-policy', [], {
    creation: creation === 'groups' ? undefined : creation,
    group: creation !== 'groups' ? undefined : groupIds.length === 0 ? 'GROUP' : groupIds,
    'max-lifetime': maxLifetimeDays === null ? undefined : `${maxLifetimeDays}d`,
    'require-expiry': requireExpiry || undefined,
  });
}
