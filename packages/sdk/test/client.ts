import { createCall } from '../src/call.ts';
import { createCredential } from '../src/credential.ts';
import { type PosternSettings, resolveSettings } from '../src/settings.ts';

/** The token that the tests call with; only its shape is real. */
export const TOKEN = 'pst_00000000000000000000000000000000000000000000O7J8C';

/** A client's insides, with waits that take no time and are written down. */
export function testClient(settings: PosternSettings) {
  const waits: number[] = [];
  const warnings: string[] = [];
  const resolved = resolveSettings({ token: TOKEN, warn: (sentence) => warnings.push(sentence), ...settings }, {});
  const call = createCall({
    settings: resolved,
    credential: createCredential(resolved),
    random: () => 0.5,
    async wait(ms, signal) {
      waits.push(ms);
      signal?.throwIfAborted();
    },
  });
  return { call, waits, warnings };
}
