import { relativeTime, untilTime } from '../part/time.tsx';
import { counted } from '../part/word.ts';
import { agentName } from '../token/agent.ts';
import type { Attention } from './attention.ts';

/** What needs somebody, after the name of what it is about: "expires in 9 days." */
export function attentionSentence(item: Attention, now: number): string {
  switch (item.kind) {
    case 'old_value_used': {
      const agent = agentName(item.userAgent);
      const by = item.address ? ` from ${item.address}${agent && ` (${agent})`}` : agent && ` by ${agent}`;
      return `old value used ${relativeTime(item.at, now)}${by}, works until ${untilTime(item.until, now)}.`;
    }
    case 'retired_value_refused':
      return `a retired value was presented ${relativeTime(item.at, now)}${item.address ? ` from ${item.address}` : ''} and refused.`;
    case 'expiring':
      return `expires ${relativeTime(item.at, now)}.`;
    case 'unused':
      return `not used in 90 days; ${item.at === null ? 'never used at all' : `last used ${relativeTime(item.at, now)}`}.`;
    case 'admin':
      return `can do everything in this organization, with ${counted(item.tokens, 'token', 'tokens')}.`;
  }
}
