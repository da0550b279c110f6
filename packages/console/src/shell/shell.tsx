import { Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconMenu2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { Palette } from '../palette/palette.tsx';
import { Failure } from '../part/failure.tsx';
import { IconButton } from '../part/icon-button.tsx';
import { beginSession } from '../sign-in/session.ts';
import { SessionDialog } from '../sign-in/session-dialog.tsx';
import { AccountMenu } from './account-menu.tsx';
import { useChanges } from './changes.ts';
import { useFocusHome } from './focus.ts';
import { Mark } from './mark.tsx';
import { meQuery } from './me.ts';
import { Rail } from './rail.tsx';
import classes from './shell.module.css';

/** What stands around every page for somebody who is signed in. */
export function Shell() {
  const me = useQuery(meQuery);
  const signedIn = me.data !== undefined;
  useEffect(() => {
    if (signedIn) beginSession();
  }, [signedIn]);
  useFocusHome();
  useChanges(me.data?.permissions.includes('changes.read') ?? false);

  if (!me.data) {
    return me.error ? <Failure what="your account" error={me.error} retry={() => me.refetch()} /> : <Blank />;
  }
  return (
    <>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <header className={classes.header}>
        <DrawerMenu />
        <Link to="/" className={classes.home}>
          <Mark />
          <span>
            <bdi>{me.data.organization.name}</bdi>
          </span>
        </Link>
        <Palette className={classes.search} />
        <AccountMenu className={classes.initials} />
      </header>
      <div className={classes.body}>
        <nav className={classes.rail} aria-label="Main">
          <Rail />
        </nav>
        <main className={classes.main} id="main">
          <Suspense fallback={<Blank />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <SessionDialog />
    </>
  );
}

/** The rail of a narrow screen, and what opens it. */
function DrawerMenu() {
  const { pathname } = useLocation();
  const [opened, { open, close }] = useDisclosure(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a navigation closes the drawer, wherever it leads.
  useEffect(close, [pathname]);
  return (
    <>
      <IconButton className={classes.menuButton} aria-label="Menu" onClick={open}>
        <IconMenu2 size={20} stroke={1.5} />
      </IconButton>
      <Drawer.Root opened={opened} onClose={close} size={260}>
        <Drawer.Overlay />
        <Drawer.Content>
          <Drawer.Body>
            <Drawer.Title className="visually-hidden">Menu</Drawer.Title>
            <nav className={classes.drawer} aria-label="Main">
              <Rail />
            </nav>
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
    </>
  );
}

/** Until there is something to show: nothing that would jump. */
function Blank() {
  return <div role="status" aria-busy="true" aria-label="Loading" />;
}
