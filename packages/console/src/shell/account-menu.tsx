import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { sentenceOf } from '../part/failure.tsx';
import { initialsOf } from '../part/name.ts';
import { alarm } from '../part/toast.ts';
import { postern } from '../postern.ts';
import { forgetEverything } from '../sign-in/forget.ts';
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

  const signOut = useMutation({
    mutationFn: () => postern.signIn.signOut(),
    async onSuccess() {
      leaveSession();
      forgetEverything(queryClient);
      await navigate({ to: '/sign-in', search: {} });
    },
    onError: (error) => alarm(sentenceOf(error)),
  });

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
        <Menu.Item closeMenuOnClick={false} onClick={() => !signOut.isPending && signOut.mutate()}>
          {signOut.isPending ? 'Signing out…' : 'Sign out'}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
