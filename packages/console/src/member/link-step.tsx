import { Button } from '@mantine/core';
import type { Invitation } from '@postern/sdk';
import { Copy } from '../part/copy.tsx';
import { Dialog } from '../part/dialog.tsx';
import failure from '../part/failure.module.css';
import classes from './link-step.module.css';

export interface InvitationLink {
  readonly email: string;
  readonly link: string;
  readonly delivery: Invitation['delivery'];
}

const DELIVERED: Readonly<Record<Invitation['delivery'], string>> = {
  sent: 'Mailed.',
  failed: 'It could not be mailed: send it yourself.',
  not_configured: '',
};

interface LinkStepProps {
  readonly invitations: readonly InvitationLink[];
  /** Why others were not invited. */
  readonly refused?: readonly string[];
  readonly onDone: () => void;
}

/** Links that were just made: each lets one person join, and none of them is shown again. */
export function LinkStep({ invitations, refused = [], onDone }: LinkStepProps) {
  return (
    <div className="stack">
      <p>Each link lets one person join, once, within 7 days. It is not shown again, but can be made anew.</p>
      <ul className={classes.links}>
        {invitations.map(({ email, link, delivery }) => (
          <li key={email}>
            <span>
              <bdi>{email}</bdi> <span className="meta">{DELIVERED[delivery]}</span>
            </span>
            <code>{link}</code>
            <Copy text={link} label={`Copy link for ${email}`} />
          </li>
        ))}
      </ul>
      {refused.length > 0 && (
        <ul className={failure.refusal} role="alert">
          {refused.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onDone} variant="filled">
          Done
        </Button>
      </div>
    </div>
  );
}

interface LinkDialogProps {
  /** It is open as long as there is one. */
  readonly link: Invitation | null;
  readonly onClose: () => void;
}

/** A new link for somebody who had been invited before. */
export function LinkDialog({ link, onClose }: LinkDialogProps) {
  return (
    <Dialog opened={link !== null} title="A new link" onClose={onClose}>
      <LinkStep invitations={link ? [{ ...link, email: link.member.email }] : []} onDone={onClose} />
    </Dialog>
  );
}
