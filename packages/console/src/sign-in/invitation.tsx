import { Frame } from './frame.tsx';

export function InvitationPage() {
  return <Frame title="Invitation">…</Frame>;
}
