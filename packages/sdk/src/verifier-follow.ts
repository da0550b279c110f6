import { USER_AGENT } from './call.ts';
import type { Credential } from './credential.ts';
import type { ResolvedSettings } from './settings.ts';

/** Ends what goes on in the background. */
export type Stop = () => void;

/** A timer that does not keep the process alive, where that can be had. */
export function background(run: () => void, ms: number): Stop {
  const timer: unknown = setTimeout(run, ms);
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as number);
}

/** The least time between two questions for the head, however much changes. */
const LEAST_PAUSE_MS = 20;

/** A head that fails is asked for less often, down to a quarter. */
const LONGEST_BACKOFF = 4;
/** Once Postern was reached again, it is asked for again after this at the latest. */
const RECOVERY_MS = 1_000;

export interface Follower {
  /** The head should be asked for now, unless it failed the last time. */
  wake(): void;
  /** Postern was not reached, and is again: that the head failed puts its next look off no longer. */
  recovered(): void;
  stop(): void;
}

/** Asks for the head every third of the bound, sooner when woken, more seldom while it fails, and goes on whatever happens. */
export function followHead(ask: () => Promise<void>, maxStalenessMs: number): Follower {
  const everyMs = maxStalenessMs / 3;
  let stopped = false;
  let running = false;
  let woken = false;
  /** By how much longer it waits: 0 while the head is answered. */
  let backoff = 0;
  /** Whether the next look is put off by failures no longer. */
  let hurried = false;
  let startedAt = 0;
  let cancel: Stop = () => undefined;

  async function run(): Promise<void> {
    running = true;
    woken = false;
    hurried = false;
    startedAt = performance.now();
    await ask().then(
      () => {
        backoff = 0;
      },
      () => {
        backoff = Math.min(2 * backoff || 1, LONGEST_BACKOFF);
      },
    );
    running = false;
    schedule(woken && backoff === 0 ? LEAST_PAUSE_MS : pauseMs());
  }

  /** From now until the next look. */
  function pauseMs(): number {
    const apartMs = hurried ? Math.min(everyMs, RECOVERY_MS) : everyMs * (backoff || 1);
    return Math.max(LEAST_PAUSE_MS, apartMs - (performance.now() - startedAt));
  }

  function schedule(ms: number): void {
    cancel();
    if (!stopped) cancel = background(() => void run(), ms);
  }

  void run();
  return {
    wake() {
      if (woken || stopped) return;
      woken = true;
      if (!running && backoff === 0) schedule(LEAST_PAUSE_MS);
    },
    recovered() {
      if (hurried) return;
      hurried = true;
      if (!running) schedule(pauseMs());
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** The server beats every 5 seconds; a stream that is silent for longer is dead. */
const SILENCE_MS = 20_000;
const EVENT = '\nevent:';

/** Follows the stream of changes, and says so at every event. Comes back by itself; errors are nobody's matter. */
export function followStream(settings: ResolvedSettings, credential: Credential, onEvent: () => void): Stop {
  let stopped = false;
  let cancel: Stop = () => undefined;
  let controller: AbortController | undefined;
  let pauseMs = FIRST_RETRY_MS;

  async function run(): Promise<void> {
    controller = new AbortController();
    const { signal } = controller;
    let quiet = background(() => controller?.abort(), SILENCE_MS);
    try {
      const { fetch, url, timeoutMs } = settings;
      const response = await fetch(`${url}/api/v1/changes`, {
        headers: {
          authorization: `Bearer ${await credential.value({ timeoutMs, signal })}`,
          accept: 'text/event-stream',
          'user-agent': USER_AGENT,
        },
        redirect: 'manual',
        signal,
      });
      if (response.status !== 200 || !response.body) throw new Error('no stream');
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      let tail = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        quiet();
        quiet = background(() => controller?.abort(), SILENCE_MS);
        // Only that something happened matters, so nothing of it is kept but what may be half of that word.
        const text = tail + decoder.decode(value, { stream: true });
        if (text.includes(EVENT)) onEvent();
        tail = text.slice(-(EVENT.length - 1));
        if (text.includes(EVENT)) pauseMs = FIRST_RETRY_MS;
      }
    } catch {
      controller.abort();
    }
    quiet();
    if (stopped) return;
    cancel = background(() => void run(), pauseMs * (0.5 + Math.random()));
    pauseMs = Math.min(2 * pauseMs, LONGEST_RETRY_MS);
  }

  void run();
  return () => {
    stopped = true;
    cancel();
    controller?.abort();
  };
}
