import { Unauthenticated } from '@postern/sdk';
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { rememberSpots } from './part/spot.ts';
import type { AccountListSearch } from './service-account/list-page.tsx';
import { BrokenPage } from './shell/broken-page.tsx';
import { meQuery } from './shell/me.ts';
import { NotFoundPage } from './shell/not-found.tsx';
import { Root } from './shell/root.tsx';
import { Shell } from './shell/shell.tsx';
import { SignInPage } from './sign-in/sign-in.tsx';

/** Every address of the console. Pages behind the sign-in are fetched when somebody goes there. */

const root = createRootRouteWithContext<{ readonly queryClient: QueryClient }>()({
  component: Root,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: (search): { readonly to?: string; readonly failed?: string; readonly next?: string } => ({
    ...textOf('to', search),
    ...textOf('next', search),
    ...textOf('failed', search),
  }),
});
const setUp = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./sign-in/set-up.tsx'), 'SetUpPage'),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./sign-in/invitation.tsx'), 'InvitationPage'),
});

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: '/reset-password',
  component: lazyRouteComponent(() => import('./sign-in/reset-password.tsx'), 'ResetPasswordPage'),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  async beforeLoad({ context, location }) {
    try {
      await context.queryClient.ensureQueryData(meQuery);
    } catch (error) {
      // Any other failure is shown where the page would have stood.
      if (error instanceof Unauthenticated) throw redirect({ to: '/sign-in', search: { to: location.href } });
    }
  },
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('./overview/overview.tsx'), 'OverviewPage'),
});
const auditLog = createRoute({
  getParentRoute: () => shell,
  path: '/audit-log',
  component: lazyRouteComponent(() => import('./audit-event/audit-log.tsx'), 'AuditLogPage'),
  validateSearch: (search): AuditLogSearch => ({
    ...textOf('actorId', search),
    ...textOf('targetId', search),
    ...textOf('principalId', search),
    ...textOf('action', search),
    ...textOf('requestId', search),
    ...textOf('from', search),
    ...textOf('to', search),
  }),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  beforeLoad: () => {
    throw redirect({ to: '/settings/organization' });
  },
});
const organization = createRoute({
  getParentRoute: () => shell,
  path: '/settings/organization',
  component: lazyRouteComponent(() => import('./organization/organization-page.tsx'), 'OrganizationPage'),
});
const members = createRoute({
  getParentRoute: () => shell,
  path: '/settings/members',
  component: lazyRouteComponent(() => import('./member/list-page.tsx'), 'MembersPage'),
  validateSearch: (search): { readonly search?: string } => textOf('search', search),
});
const serviceAccounts = createRoute({
  getParentRoute: () => shell,
  path: '/settings/members/service-accounts',
  component: lazyRouteComponent(() => import('./service-account/list-page.tsx'), 'ServiceAccountsPage'),
  validateSearch: (search): AccountListSearch => ({
    ...textOf('search', search),
    ...oneOf('status', ['active', 'disabled'] as const, search),
    ...oneOf('role', ['member', 'admin', 'verifier'] as const, search),
    ...(search['add'] === true ? { add: true } : {}),
    ...oneOf('sort', ['name', '-lastUsedAt', 'lastUsedAt', '-createdAt'] as const, search),
  }),
});
const serviceAccount = createRoute({
  getParentRoute: () => shell,
  path: '/settings/members/service-accounts/$accountId',
  component: lazyRouteComponent(() => import('./service-account/account-page.tsx'), 'ServiceAccountPage'),
  validateSearch: (search): { readonly add?: boolean } => (search['add'] === true ? { add: true } : {}),
});
const groups = createRoute({
  getParentRoute: () => shell,
  path: '/settings/groups',
  component: lazyRouteComponent(() => import('./group/list-page.tsx'), 'GroupsPage'),
  validateSearch: (search): { readonly search?: string } => textOf('search', search),
});
const group = createRoute({
  getParentRoute: () => shell,
  path: '/settings/groups/$groupId',
  component: lazyRouteComponent(() => import('./group/group-page.tsx'), 'GroupPage'),
});
const workspaces = createRoute({
  getParentRoute: () => shell,
  path: '/settings/workspaces',
  component: lazyRouteComponent(() => import('./workspace/list-page.tsx'), 'WorkspacesPage'),
  validateSearch: (search): { readonly search?: string } => textOf('search', search),
});
const workspace = createRoute({
  getParentRoute: () => shell,
  path: '/settings/workspaces/$workspaceId',
  component: lazyRouteComponent(() => import('./workspace/workspace-page.tsx'), 'WorkspacePage'),
});
const roles = createRoute({
  getParentRoute: () => shell,
  path: '/settings/roles',
  component: lazyRouteComponent(() => import('./role/roles-page.tsx'), 'RolesPage'),
});
const security = createRoute({
  getParentRoute: () => shell,
  path: '/settings/security',
  component: lazyRouteComponent(() => import('./security/security-page.tsx'), 'SecurityPage'),
});
const apis = createRoute({
  getParentRoute: () => shell,
  path: '/settings/apis',
  component: lazyRouteComponent(() => import('./me-token/apis-page.tsx'), 'ApisPage'),
});

/** Whatever else: said inside the shell, so that there is a way on. */
const notFound = createRoute({ getParentRoute: () => shell, path: '$', component: NotFoundPage });

export interface AuditLogSearch {
  readonly actorId?: string;
  readonly targetId?: string;
  readonly principalId?: string;
  readonly action?: string;
  readonly requestId?: string;
  readonly from?: string;
  readonly to?: string;
}

const tree = root.addChildren([
  signIn,
  setUp,
  invitation,
  resetPassword,
  shell.addChildren([
    overview,
    auditLog,
    settings,
    organization,
    members,
    serviceAccounts,
    serviceAccount,
    groups,
    group,
    workspaces,
    workspace,
    roles,
    security,
    apis,
    notFound,
  ]),
]);

export function createConsoleRouter(queryClient: QueryClient) {
  const router = createRouter({
    routeTree: tree,
    context: { queryClient },
    scrollRestoration: true,
    defaultPreload: 'intent',
    defaultErrorComponent: BrokenPage,
    // How long a page's code may take before something else stands there.
    defaultPendingMs: 300,
  });
  rememberSpots(router);
  return router;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}

function textOf<Name extends string>(name: Name, search: Record<string, unknown>): { readonly [Key in Name]?: string } {
  const value = search[name];
  return (typeof value === 'string' && value !== '' ? { [name]: value } : {}) as { readonly [Key in Name]?: string };
}

function oneOf<Name extends string, const Value extends string>(
  name: Name,
  values: readonly Value[],
  search: Record<string, unknown>,
): { readonly [Key in Name]?: Value } {
  const value = values.find((each) => each === search[name]);
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };
}
