import { createCall } from './call.ts';
import { type PosternSettings, platformEnvironment, resolveSettings } from './settings.ts';
import { revealed, type TokenValue } from './token-value.ts';
import { wait } from './wait.ts';

/**
 * Reports a value that leaked, somebody else's too: if it is alive it ends at once. Needs no token, and does not tell whether
 * there was one. Fails with a `PosternError`.
 */
export async function reportLeak(
  value: string | TokenValue,
  settings: Omit<PosternSettings, 'token'> = {},
): Promise<void> {
  // The environment's token has nothing to do with it, and is not looked for.
  const resolved = resolveSettings({ ...settings, token: 'none' }, platformEnvironment());
  const call = createCall({ settings: resolved, credential: null, random: Math.random, wait });
  await call('POST /api/v1/tokens/report-leak', { body: { token: revealed(value) } });
}
