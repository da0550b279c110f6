import { useMe } from '../shell/me.ts';
import classes from './plan.module.css';

/** Whether the plan of the organization has no service accounts: those that there are stay as they are. */
export function useIsPaused(): boolean {
  return useMe().organization.plan === 'community';
}

/** Why nothing can be done with them then. */
export const PAUSED_REASON = 'Paused by plan';

/** What that means, over what is shown of them. */
export function PausedNotice() {
  return (
    <p className={classes.notice}>
      This organization is on Community. Its service accounts are paused; nothing of them is lost.
    </p>
  );
}
