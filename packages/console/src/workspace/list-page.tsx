import { Page } from '../shell/page.tsx';

export function WorkspacesPage() {
  return <Page title="Workspaces">…</Page>;
}
