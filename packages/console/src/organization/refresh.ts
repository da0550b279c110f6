import type { QueryClient } from '@tanstack/react-query';

/** Whatever was shown of the organization is asked for again; its name stands over every page. */
export async function refreshOrganization(queryClient: QueryClient): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['organization'] }),
    queryClient.invalidateQueries({ queryKey: ['me'] }),
  ]);
}
