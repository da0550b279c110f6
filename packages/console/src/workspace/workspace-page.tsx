import { Page } from '../shell/page.tsx';

export function WorkspacePage() {
  return <Page title="Workspace">…</Page>;
}
