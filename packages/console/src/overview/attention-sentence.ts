import { relativeTime, untilTime } from '../part/time.tsx';
import { counted } from '../part/word.ts';
import { agentName } from '../token/agent.ts';
import type { Attention } from './attention.ts';

/** By the reason: why it was refused. */
const REFUSALS: Readonly<Record<string, string>> = {
  token_deleted: 'it was deleted',
  account_deleted: 'its account was deleted',
  account_disabled: 'its account was disabled',
  plan: 'the plan has no service accounts',
  policy: 'the token policy does not allow it',
  network: 'that is none of its networks',
  expired: 'it had expired',
  quarantine: 'it waits to be released after a restore',
};

/** What needs somebody, after the name of what it is about: "expires in 9 days." */
export function attentionSentence(item: Attention, now: number): string {
  switch (item.kind) {
    case 'old_value_used': {
      const agent = agentName(item.userAgent);
      const by = item.address ? ` from ${item.address}${agent && ` (${agent})`}` : agent && ` by ${agent}`;
      return `old value used ${relativeTime(item.at, now)}${by}, works until ${untilTime(item.until, now)}.`;
    }
    case 'use_refused': {
      const presented = `presented ${relativeTime(item.at, now)}${item.address ? ` from ${item.address}` : ''} and refused`;
      if (item.reason === 'retired') return `a retired value was ${presented}.`;
      return `${presented}: ${REFUSALS[item.reason] ?? item.reason}.`;
    }
    case 'expiring':
      return `expires ${relativeTime(item.at, now)}.`;
    case 'unused':
      return `not used in 90 days; ${item.at === null ? 'never used at all' : `last used ${relativeTime(item.at, now)}`}.`;
    case 'admin':
      return `can do everything in this organization, with ${counted(item.tokens, 'token', 'tokens')}.`;
  }
}
