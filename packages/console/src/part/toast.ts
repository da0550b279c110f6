import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';

const ALERT_MS = 12_000;

/** What has been done, said once and politely. */
export function say(message: ReactNode): void {
  notifications.show({ message, role: 'status', withCloseButton: true, closeButtonProps: { 'aria-label': 'Dismiss' } });
}

/** What has failed, where there is no better place for it. */
export function alarm(message: ReactNode): void {
  notifications.show({
    message,
    role: 'alert',
    autoClose: ALERT_MS,
    withCloseButton: true,
    closeButtonProps: { 'aria-label': 'Dismiss' },
  });
}
