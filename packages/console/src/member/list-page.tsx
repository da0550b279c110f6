import { Page } from '../shell/page.tsx';
import { MembersTabs } from './tabs.tsx';

export function MembersPage() {
  return (
    <Page title="Members">
      <MembersTabs active="members" />
    </Page>
  );
}
