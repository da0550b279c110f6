import { Page } from '../shell/page.tsx';

export function AuditLogPage() {
  return <Page title="Audit log">…</Page>;
}
