import { queryOptions } from '@tanstack/react-query';
import { postern } from '../postern.ts';

export const workspaceQuery = (id: string) =>
  queryOptions({
    queryKey: ['workspaces', 'one', id],
    queryFn: ({ signal }) => postern.workspaces.get(id, { signal }),
  });
