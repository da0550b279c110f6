import { queryOptions, useQuery } from '@tanstack/react-query';
import { Fragment, type ReactNode } from 'react';
import { postern } from '../postern.ts';
import { Page } from '../shell/page.tsx';
import classes from './failure.module.css';

const adminsQuery = queryOptions({
  queryKey: ['me', 'admins'],
  queryFn: ({ signal }) => postern.me.admins({ signal }),
  staleTime: 60_000,
});

/** As many as a sentence carries. */
const NAMED = 3;

/** What only admins can do, and whom to ask for it. */
export function Forbidden({ children }: { readonly children: ReactNode }) {
  return (
    <div className={classes.failure} role="alert">
      <p>
        Only organization admins can {children}. <AskAdmin />
      </p>
    </div>
  );
}

interface ForbiddenPageProps {
  readonly title: string;
  /** Over what is said: tabs that lead elsewhere. */
  readonly tabs?: ReactNode;
  readonly children: ReactNode;
}

/** A page that there is for admins only: nothing to search, filter or add. */
export function ForbiddenPage({ title, tabs, children }: ForbiddenPageProps) {
  return (
    <Page title={title}>
      {tabs}
      <div className={classes.below}>
        <Forbidden>{children}</Forbidden>
      </div>
    </Page>
  );
}

/** "Ask Ada or Grace." */
export function AskAdmin() {
  const { data = [], isPending } = useQuery(adminsQuery);
  if (isPending) return null;
  if (data.length === 0) return 'Ask one of them.';
  const names = data.slice(0, NAMED).map(({ displayName }) => <bdi key={displayName}>{displayName}</bdi>);
  const asked = data.length > NAMED ? [...names, 'another of them'] : names;
  return (
    <>
      Ask{' '}
      {asked.map((name, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two may have one name, and none is ever moved.
        <Fragment key={index}>
          {index > 0 && (index === asked.length - 1 ? ' or ' : ', ')}
          {name}
        </Fragment>
      ))}
      .
    </>
  );
}
