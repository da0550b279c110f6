import { Page } from '../shell/page.tsx';

export function SecurityPage() {
  return <Page title="Security">…</Page>;
}
