import { Page } from '../shell/page.tsx';

export function ApisPage() {
  return <Page title="APIs">…</Page>;
}
