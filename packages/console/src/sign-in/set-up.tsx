import { Frame } from './frame.tsx';

export function SetUpPage() {
  return <Frame title="Set up">…</Frame>;
}
