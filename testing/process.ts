import { readFileSync } from 'node:fs';

/** Whether a process of this machine still runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !hasEnded(pid);
  } catch {
    return false;
  }
}

/** An orphan that has ended is still known until whoever took it in has asked how. */
function hasEnded(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.charAt(text.lastIndexOf(')') + 2) === 'Z';
}
