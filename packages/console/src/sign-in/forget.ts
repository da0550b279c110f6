import { notifications } from '@mantine/notifications';
import type { QueryClient } from '@tanstack/react-query';

/** Whoever is next in this tab finds nothing of who was here: neither what was read, nor an offer to take back what they did. */
export function forgetEverything(queryClient: QueryClient): void {
  queryClient.clear();
  notifications.clean();
}
