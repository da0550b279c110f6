import { PERMISSIONS_MAX, RESTRICTED_NETWORKS_MAX, RESTRICTED_WORKSPACES_MAX, type Restrictions } from '@postern/core';
import Type from 'typebox';
import { AddressText, Closed, PermissionText, WorkspaceText } from './schema.ts';

/** What narrows one token below its account. */

export const RestrictionsSchema = Closed(
  {
    permissions: Type.Optional(Type.Array(PermissionText(), { maxItems: PERMISSIONS_MAX })),
    workspaces: Type.Optional(
      Type.Array(WorkspaceText(), {
        maxItems: RESTRICTED_WORKSPACES_MAX,
        description: 'By id or name; answered as ids. Nothing outside them is allowed, in the organization neither',
      }),
    ),
    networks: Type.Optional(
      Type.Array(AddressText({ description: 'CIDR notation' }), {
        maxItems: RESTRICTED_NETWORKS_MAX,
        description: 'Where calls may come from',
      }),
    ),
  },
  { $id: 'Restrictions', description: 'Absent = not narrowed in that respect; an empty list leaves nothing' },
);

export function representRestrictions(
  restrictions: Restrictions | null,
): Type.Static<typeof RestrictionsSchema> | null {
  if (!restrictions) return null;
  const { permissions, workspaces, networks } = restrictions;
  return {
    ...(permissions && { permissions: [...permissions] }),
    ...(workspaces && { workspaces: [...workspaces] }),
    ...(networks && { networks: [...networks] }),
  };
}
