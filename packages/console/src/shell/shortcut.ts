import { useLocalStorage } from '@mantine/hooks';

/** Whether single keys do something: they get in the way of who dictates, so they can be switched off (WCAG 2.1.4). */
export function useShortcuts(): [boolean, (on: boolean) => void] {
  const [on, set] = useLocalStorage({ key: 'postern-shortcuts', defaultValue: true, getInitialValueInEffect: false });
  return [on, set];
}
