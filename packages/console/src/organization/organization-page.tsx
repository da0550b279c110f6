import { Page } from '../shell/page.tsx';

export function OrganizationPage() {
  return <Page title="Organization">…</Page>;
}
