import { invalidField, isWithin, type Restrictions } from '@postern/core';

/** As restrictions are kept: names and ids sorted, each once. */
export function toRestrictionsText(restrictions: Restrictions | null): string | null {
  if (!restrictions) return null;
  const { permissions, workspaces, networks } = restrictions;
  return JSON.stringify({
    ...(permissions && { permissions: sorted(permissions) }),
    ...(workspaces && { workspaces: sorted(workspaces) }),
    ...(networks && { networks: [...new Set(networks)] }),
  });
}

export function toRestrictions(text: string | null): Restrictions | null {
  return text === null ? null : (JSON.parse(text) as Restrictions);
}

/** Throws `request.invalid` unless the new ones allow nothing that the old ones do not. */
export function requireNarrower(next: Restrictions, old: Restrictions | null): void {
  if (!isWithin(next, old)) throw invalidField('/restrictions', 'must be within the restrictions that the token has');
}

function sorted<Item extends string>(items: readonly Item[]): readonly Item[] {
  return [...new Set(items)].sort();
}
