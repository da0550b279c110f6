import { Link, useLocation } from '@tanstack/react-router';
import classes from './shell.module.css';

/** Settings swap the rail. */
export function Rail() {
  const { pathname } = useLocation();
  return pathname.startsWith('/settings') ? <SettingsRail /> : <MainRail />;
}

function MainRail() {
  return (
    <>
      <Link to="/" activeOptions={{ exact: true }}>
        Overview
      </Link>
      <Link to="/settings/members/service-accounts">Service accounts</Link>
      <Link to="/audit-log">Audit log</Link>
    </>
  );
}

function SettingsRail() {
  return (
    <>
      <div className={classes.railTitle}>Settings</div>
      <Link to="/settings/organization">Organization</Link>
      <Link to="/settings/members">Members</Link>
      <Link to="/settings/groups">Groups</Link>
      <Link to="/settings/workspaces">Workspaces</Link>
      <Link to="/settings/roles">Roles</Link>
      <Link to="/settings/security">Security</Link>
      <Link to="/settings/apis">APIs</Link>
      <div className={classes.railTitle} />
      <Link to="/" activeOptions={{ exact: true }}>
        ← Overview
      </Link>
    </>
  );
}
