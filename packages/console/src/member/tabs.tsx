import { Tabs } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Tag } from '../part/tag.tsx';
import { useIsPaused } from '../service-account/plan.tsx';

const ADDRESSES = {
  members: '/settings/members',
  'service-accounts': '/settings/members/service-accounts',
} as const;

/** People and programs, side by side: each tab has an address of its own. */
export function MembersTabs({ active }: { readonly active: keyof typeof ADDRESSES }) {
  const navigate = useNavigate();
  const paused = useIsPaused();
  return (
    <Tabs
      value={active}
      activateTabWithKeyboard={false}
      onChange={(tab) => tab && navigate({ to: ADDRESSES[tab as keyof typeof ADDRESSES] })}
    >
      <Tabs.List aria-label="Members">
        <Tabs.Tab value="members">Members</Tabs.Tab>
        <Tabs.Tab value="service-accounts" rightSection={paused && <Tag>Commercial &amp; Enterprise</Tag>}>
          Service accounts
        </Tabs.Tab>
      </Tabs.List>
    </Tabs>
  );
}
