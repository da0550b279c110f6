import { type AccessResource, access } from './access.ts';
import { type AuditResource, audit } from './audit-event.ts';
import { createCall } from './call.ts';
import { createCredential } from './credential.ts';
import { type Groups, groups } from './group.ts';
import { type Invitations, invitations } from './invitation.ts';
import { type MeResource, me } from './me.ts';
import { type Members, members } from './member.ts';
import { type Nodes, nodes } from './node.ts';
import { type OrganizationResource, organization } from './organization.ts';
import { type Permissions, permissions, type Roles, roles } from './role.ts';
import { type ServiceAccounts, serviceAccounts } from './service-account.ts';
import { type PosternSettings, platformEnvironment, resolveSettings } from './settings.ts';
import { type Setup, setup } from './setup.ts';
import { type SignIn, signIn } from './sign-in.ts';
import { type Tokens, tokens } from './token.ts';
import { wait } from './wait.ts';
import { type Workspaces, workspaces } from './workspace.ts';

/**
 * A client of one Postern, for one token. Every method takes a last argument with `signal`, `timeoutMs`, `idempotencyKey`
 * and `headers`, and fails with a `PosternError`.
 */
export class Postern {
  readonly me: MeResource;
  readonly serviceAccounts: ServiceAccounts;
  readonly tokens: Tokens;
  readonly members: Members;
  readonly groups: Groups;
  readonly workspaces: Workspaces;
  readonly roles: Roles;
  readonly permissions: Permissions;
  readonly access: AccessResource;
  readonly organization: OrganizationResource;
  readonly audit: AuditResource;
  readonly nodes: Nodes;
  readonly signIn: SignIn;
  readonly invitations: Invitations;
  readonly setup: Setup;

  /** Throws `SettingsError` when it is not told where Postern is, or has no token. Nothing is sent yet. */
  constructor(settings: PosternSettings = {}) {
    const resolved = resolveSettings(settings, platformEnvironment());
    const credential = createCredential(resolved);
    const call = createCall({ settings: resolved, credential, random: Math.random, wait });
    this.me = me(call);
    this.serviceAccounts = serviceAccounts(call);
    this.tokens = tokens(call);
    this.members = members(call);
    this.groups = groups(call);
    this.workspaces = workspaces(call);
    this.roles = roles(call);
    this.permissions = permissions(call);
    this.access = access(call);
    this.organization = organization(call);
    this.audit = audit(call, resolved);
    this.nodes = nodes(call);
    this.signIn = signIn(call);
    this.invitations = invitations(call);
    this.setup = setup(call);
  }
}
