import { Button } from '@mantine/core';
import type { Invitation } from '@postern/sdk';
import { Copy } from '../part/copy.tsx';
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

/** Links that were just made: each lets one person join, and none of them is shown again. */
export function LinkStep({
  invitations,
  onDone,
}: {
  readonly invitations: readonly InvitationLink[];
  readonly onDone: () => void;
}) {
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
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onDone} variant="filled">
          Done
        </Button>
      </div>
    </div>
  );
}
