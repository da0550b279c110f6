import { Notifications } from '@mantine/notifications';
import { Outlet } from '@tanstack/react-router';

const SHOWN_MS = 6_000;

/** Around every page. What is said in passing may hold links, so it stands inside the router. */
export function Root() {
  return (
    <>
      <Outlet />
      <Notifications position="bottom-right" limit={4} autoClose={SHOWN_MS} transitionDuration={0} />
    </>
  );
}
