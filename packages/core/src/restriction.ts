import { invalidField } from './error.ts';
import type { WorkspaceId } from './id.ts';
import { contains, isInNetworks, type Network, parseNetwork } from './network.ts';
import type { PermissionName } from './permission.ts';

export const RESTRICTED_WORKSPACES_MAX = 100;
export const RESTRICTED_NETWORKS_MAX = 50;

/** What narrows one token below its account; absent = not narrowed in that respect. An empty list leaves nothing. */
export interface Restrictions {
  readonly permissions?: readonly PermissionName[];
  readonly workspaces?: readonly WorkspaceId[];
  /** CIDR notation. */
  readonly networks?: readonly string[];
}

/** Whether a call from this address may use the token. Fails closed: without a known address a restricted token is refused. */
export function allowsAddress(restrictions: Restrictions | null, address: string | null): boolean {
  if (!restrictions?.networks) return true;
  return address !== null && isInNetworks(address, readNetworks(restrictions.networks));
}

/** Whether `inner` allows nothing that `outer` does not. */
export function isWithin(inner: Restrictions | null, outer: Restrictions | null): boolean {
  return (
    isSubset(inner?.permissions, outer?.permissions) &&
    isSubset(inner?.workspaces, outer?.workspaces) &&
    areNetworksWithin(inner?.networks, outer?.networks)
  );
}

/** Throws `request.invalid` at the first network that is none. */
export function requireNetworks(networks: readonly string[], path: string): void {
  for (const [index, network] of networks.entries()) {
    if (!parseNetwork(network))
      throw invalidField(`${path}/${index}`, 'must be an address or a network in CIDR notation, without host bits');
  }
}

function isSubset<Item>(inner: readonly Item[] | undefined, outer: readonly Item[] | undefined): boolean {
  return outer === undefined || (inner?.every((item) => outer.includes(item)) ?? false);
}

function areNetworksWithin(inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean {
  if (outer === undefined) return true;
  return (
    inner?.every((_, index) => {
      const network = readNetworks(inner)[index];
      return network !== undefined && readNetworks(outer).some((each) => contains(each, network));
    }) ?? false
  );
}

// Parsed once for as long as the same restrictions are in memory.
const parsed = new WeakMap<readonly string[], readonly Network[]>();

function readNetworks(texts: readonly string[]): readonly Network[] {
  let networks = parsed.get(texts);
  if (!networks) {
    networks = texts.flatMap((text) => parseNetwork(text) ?? []);
    parsed.set(texts, networks);
  }
  return networks;
}
