import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { sentenceOf } from '../part/failure.tsx';
import { initialsOf } from '../part/name.ts';
import { alarm } from '../part/toast.ts';
import { postern } from '../postern.ts';
import { leaveSession } from '../sign-in/session.ts';
import { useMe } from './me.ts';
import { useShortcuts } from './shortcut.ts';

const SCHEMES = [
  ['auto', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;

/** The initials icon. */
export function AccountMenu({ className }: { readonly className: string | undefined }) {
  const me = useMe();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [shortcuts, setShortcuts] = useShortcuts();

  async function signOut(): Promise<void> {
    try {
      await postern.signIn.signOut();
    } catch (error) {
      alarm(`You are still signed in: ${sentenceOf(error as Error)}`);
      return;
    }
    leaveSession();
    queryClient.clear();
    await navigate({ to: '/sign-in', search: {} });
  }

  return (
    <Menu width={240}>
      <Menu.Target>
        <button type="button" className={className} aria-label={`Account menu, ${me.displayName}`}>
          {initialsOf(me.displayName)}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{me.displayName}</bdi>
        </Menu.Label>
        <Menu.Item onClick={() => navigate({ to: '/settings/organization' })}>Settings</Menu.Item>
        <Menu.Divider />
        <Menu.Label>Theme</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}>
          {SCHEMES.map(([scheme, label]) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.CheckboxItem checked={shortcuts} onChange={setShortcuts}>
          Single-key shortcuts
        </Menu.CheckboxItem>
        <Menu.Divider />
        <Menu.Item onClick={signOut}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
