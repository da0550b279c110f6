import { Radio, Textarea } from '@mantine/core';
import type { InvitationOutcome } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { command } from '../part/command.ts';
import { Dialog, DialogForm } from '../part/dialog.tsx';
import { useFields } from '../part/fields.ts';
import { postern } from '../postern.ts';
import { type InvitationLink, LinkStep } from './link-step.tsx';
import { type MemberRole, refreshMembers } from './query.ts';

/** Many at once, pasted as they come: one a line, or with commas between them. */
export function InviteDialog({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const [invited, setInvited] = useState<Invited | null>(null);
  function leave(): void {
    setInvited(null);
    onClose();
  }
  return (
    <Dialog opened={opened} title={invited ? 'Invited' : 'Invite members'} onClose={leave} size={520}>
      {invited ? (
        <LinkStep invitations={invited.links} refused={invited.refused} onDone={leave} />
      ) : (
        <InviteForm onInvited={setInvited} onCancel={leave} />
      )}
    </Dialog>
  );
}

/** What became of them: links are shown this once, also when others were refused. */
interface Invited {
  readonly links: readonly InvitationLink[];
  readonly refused: readonly string[];
}

interface InviteFormProps {
  readonly onInvited: (invited: Invited) => void;
  readonly onCancel: () => void;
}

function InviteForm({ onInvited, onCancel }: InviteFormProps) {
  const queryClient = useQueryClient();
  const fields = useFields({ emails: '', organizationRole: 'member' as MemberRole });
  const [left, setLeft] = useState<Error | null>(null);
  const invite = useMutation({
    mutationFn: (emails: string[]) =>
      postern.members.invite({ emails, organizationRole: fields.values.organizationRole }),
    async onSuccess(outcomes) {
      await refreshMembers(queryClient);
      const refused = outcomes.filter(({ code }) => code !== undefined);
      const links = outcomes.flatMap(({ email, invitation }) =>
        invitation ? [{ email, link: invitation.link, delivery: invitation.delivery }] : [],
      );
      if (links.length > 0) onInvited({ links, refused: refused.map(outcomeSentence) });
      else fields.fail({ emails: refused.map(outcomeSentence).join(' ') });
    },
    onError: (error, emails) => setLeft(fields.take(error, { emails })),
  });

  const emails = fields.values.emails.split(/[\s,;]+/).filter(Boolean);

  function submit(): void {
    setLeft(null);
    if (emails.length === 0) fields.fail({ emails: 'Enter at least one e-mail.' });
    else if (emails.length > 50) fields.fail({ emails: 'At most 50 at once.' });
    else invite.mutate(emails);
  }

  return (
    <DialogForm
      onSubmit={submit}
      onCancel={onCancel}
      pending={invite.isPending}
      submit="Invite"
      submitting="Inviting…"
      error={left}
      command={command('member create', emails.length > 0 ? emails : ['E-MAIL'], {
        role: fields.values.organizationRole,
      })}
    >
      <div ref={fields.form} className="stack">
        <Textarea
          label="E-mails"
          description="One a line, or with commas between them; 50 at most"
          minRows={3}
          {...fields.text('emails')}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
        />
        <Radio.Group
          label="Organization role"
          value={fields.values.organizationRole}
          onChange={(role) => fields.set('organizationRole', role as MemberRole)}
        >
          <div className="stack" style={{ gap: 8, paddingTop: 6 }}>
            <Radio value="member" label="Member" description="Can do what their groups and workspaces let them do." />
            <Radio value="admin" label="Admin" description="Can do everything in this organization." />
          </div>
        </Radio.Group>
      </div>
    </DialogForm>
  );
}

const CODES: Readonly<Record<string, string>> = {
  'member.email_taken': 'is a member or invited already',
  'member.joined': 'has joined already',
};

function outcomeSentence({ email, code }: InvitationOutcome): string {
  return `${email} ${CODES[code ?? ''] ?? `was not invited (${code})`}.`;
}
