import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Pending } from '../part/pending.tsx';
import { Window } from '../part/window.tsx';
import { useShortcuts } from '../shell/shortcut.ts';

/** Search or jump to: everything has a name, and most things are two keys away. What it opens is loaded once the page is there. */
export function Palette({ className }: { readonly className: string | undefined }) {
  const [opened, { open, close }] = useDisclosure(false);
  const [shortcuts] = useShortcuts();
  useHotkeys([['mod+K', open]], []);
  useHotkeys(shortcuts ? [['/', open]] : []);
  const body = useQuery({
    queryKey: ['palette', 'code'],
    queryFn: () => import('./palette-body.tsx'),
    staleTime: 'static',
    refetchInterval: false,
  });
  const keys = navigator.userAgent.includes('Mac') ? '⌘ K' : 'Ctrl K';
  return (
    <>
      <button type="button" className={className} onClick={open} aria-keyshortcuts="Control+K Meta+K">
        <IconSearch size={15} stroke={1.5} aria-hidden="true" />
        <span>Search or jump to…</span>
        <kbd>{keys}</kbd>
      </button>
      <Window opened={opened} onClose={close} size={560} yOffset="10vh" title="Search or jump to" titleHidden>
        {/* A browser does not ask again for a module that it could not load once; the page anew does. */}
        <Pending what="search" query={{ ...body, refetch: () => location.reload() }} />
        {body.data && <body.data.PaletteBody onClose={close} />}
      </Window>
    </>
  );
}
