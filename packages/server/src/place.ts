import {
  type AdmittedToken,
  type AuditTarget,
  accessOf,
  type Caller,
  type Domain,
  DomainError,
  decide,
  detached,
  findReadableWorkspace,
  type Group,
  type GroupId,
  NAME_MAX_LENGTH,
  nameKey,
  ORGANIZATION,
  type OrganizationFacts,
  type Place,
  type PrincipalId,
  type PrincipalRecord,
  parseId,
  parsePrincipal,
  subjectOf,
  type Workspace,
  type WorkspaceGrant,
} from '@postern/core';

/** Where things are asked about: in the organization, or in the group or workspace that a request names. */

/** What a path names as the place: `:group` an id, `:workspace` an id or a name. */
export interface PlaceParams {
  readonly group?: string;
  readonly workspace?: string;
}

interface FoundPlaces {
  readonly organization: { readonly place: Place };
  readonly group: { readonly place: Place; readonly group: Group };
  readonly workspace: { readonly place: Place; readonly workspace: Workspace };
}

export type PlaceKind = keyof FoundPlaces;

/** A place, and what stands there. */
export type Found<Kind extends PlaceKind> = FoundPlaces[Kind];

const HERE: Found<'organization'> = { place: ORGANIZATION };

/**
 * What the path names, for a caller who may see it. Throws `workspace.not_found` or `group.not_found`, the same for what
 * does not exist and what the caller may not see.
 */
export function findPlace<Kind extends PlaceKind>(
  domain: Pick<Domain, 'storage'>,
  caller: Caller,
  kind: Kind,
  params: PlaceParams,
): Found<Kind> | Promise<Found<Kind>> {
  return FINDERS[kind](domain, caller, params) as Found<Kind> | Promise<Found<Kind>>;
}

type Finder<Kind extends PlaceKind> = (
  domain: Pick<Domain, 'storage'>,
  caller: Caller,
  params: PlaceParams,
) => Found<Kind> | Promise<Found<Kind>>;

const FINDERS: { readonly [Kind in PlaceKind]: Finder<Kind> } = {
  organization: () => HERE,
  async group(domain, caller, params) {
    const group = await findVisibleGroup(domain, caller, params.group ?? '');
    return { place: { kind: 'group', id: group.id }, group };
  },
  async workspace(domain, caller, params) {
    const workspace = await findReadableWorkspace(domain, caller, params.workspace ?? '');
    return { place: { kind: 'workspace', id: workspace.id }, workspace };
  },
};

/** Whoever may read the group, or list all groups, may see that it is there. */
async function findVisibleGroup(
  { storage }: Pick<Domain, 'storage'>,
  { record }: Caller,
  reference: string,
): Promise<Group> {
  const id = parseId('group', reference);
  const subject = subjectOf(record);
  const isVisible =
    id && (decide(subject, 'group.read', { kind: 'group', id }).allowed || decide(subject, 'group.list').allowed);
  const group = isVisible && (await storage.findGroup(record.organization.id, id));
  if (!group) throw new DomainError('group.not_found');
  return group;
}

/** The id of a group that the path of an organization-scoped route names. Throws `group.not_found`. */
export function parseGroupId(text: string): GroupId {
  const id = parseId('group', text);
  if (!id) throw new DomainError('group.not_found');
  return id;
}

/** What cannot be an id names nobody: the same answer as for an unknown one. Throws `principal.not_found`. */
export function parsePrincipalId(text: string): PrincipalId {
  const id = parsePrincipal(text);
  if (!id) throw new DomainError('principal.not_found');
  return id;
}

/** What a path names, for the audit log. A name stays out of it: whoever is refused may have guessed it. */
export function placeTarget({ group, workspace }: PlaceParams): AuditTarget | null {
  const groupId = group === undefined ? undefined : parseId('group', group);
  if (groupId) return { kind: 'group', id: groupId, displayName: null };
  const workspaceId = workspace === undefined ? undefined : parseId('workspace', workspace);
  return workspaceId ? { kind: 'workspace', id: workspaceId, displayName: null } : null;
}

/**
 * The place that a path names, as far as memory knows, so that the use of a token can be noted without waiting. Where the
 * caller has no part, only what is held in the whole organization counts, and that is asked instead.
 */
export function placeInMemory(record: AdmittedToken, { group, workspace }: PlaceParams): Place {
  const groupId = group === undefined ? undefined : parseId('group', group);
  if (groupId && record.principal.groups.some(({ id }) => id === groupId)) return { kind: 'group', id: groupId };
  const grant = workspace === undefined ? undefined : findGrant(record, workspace);
  return grant ? { kind: 'workspace', id: grant.workspaceId } : ORGANIZATION;
}

/**
 * The workspace (by id or name) that a question about this principal is about; undefined where it holds nothing, because
 * there is no such workspace or because it has no part in it, which are not told apart.
 *
 * On the path of every verification: answered from the principal's own grants, without waiting. Only of those who hold
 * everything everywhere do the grants not name each workspace, so for them the storage is asked, once for as long as the facts
 * of the organization are kept: a workspace that is made, renamed or deleted makes those stale.
 */
export function findWorkspaceOf(
  { storage }: Pick<Domain, 'storage'>,
  record: PrincipalRecord,
  reference: string,
): Place | undefined | Promise<Place | undefined> {
  const grant = findGrant(record, reference);
  if (grant) return { kind: 'workspace', id: grant.workspaceId };
  const holdsEverywhere = accessOf(record).sources('workspace.read', ORGANIZATION).length > 0;
  if (!holdsEverywhere) return undefined;
  const known = KNOWN_WORKSPACES.get(record.organization)?.get(reference);
  return known ?? findWorkspacePlace(storage, record, reference);
}

/**
 * What was found, by the facts of the organization that were valid before it was looked for. Of what no name is as long as,
 * which the many spellings of one may be, nothing is remembered.
 */
const KNOWN_WORKSPACES = new WeakMap<OrganizationFacts, Map<string, Place>>();
const KNOWN_WORKSPACES_MAX = 1_000;

function remember(organization: OrganizationFacts, reference: string, place: Place): void {
  if (reference.length > NAME_MAX_LENGTH) return;
  let known = KNOWN_WORKSPACES.get(organization);
  if (!known || known.size >= KNOWN_WORKSPACES_MAX) {
    known = new Map();
    KNOWN_WORKSPACES.set(organization, known);
  }
  known.set(detached(reference), place);
}

async function findWorkspacePlace(
  storage: Domain['storage'],
  { organization }: PrincipalRecord,
  reference: string,
): Promise<Place | undefined> {
  const workspace = await storage.findWorkspace(organization.id, reference);
  if (!workspace) return undefined;
  const place: Place = { kind: 'workspace', id: workspace.id };
  remember(organization, reference, place);
  return place;
}

function findGrant({ principal }: PrincipalRecord, reference: string): WorkspaceGrant | undefined {
  const { grants } = principal;
  if (grants.length === 0) return undefined;
  const id = parseId('workspace', reference);
  if (id) return grants.find(({ workspaceId }) => workspaceId === id);
  const exact = grants.find(({ workspaceName }) => workspaceName === reference);
  if (exact) return exact;
  const key = nameKey(reference);
  return grants.find(({ workspaceName }) => nameKey(workspaceName) === key);
}
