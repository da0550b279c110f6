import { createCall } from './call.ts';
import { createCredential } from './credential.ts';
import { ConnectionError, InvalidRequest, ServerError, SettingsError } from './error.ts';
import type { Because, Missing, Verification } from './openapi.gen.ts';
import { type PosternSettings, platformEnvironment, resolveSettings } from './settings.ts';
import { isTokenText } from './token-checksum.ts';
import { createTokenHash } from './token-hash.ts';
import { revealed, type TokenValue } from './token-value.ts';
import { parseUserAgent } from './user-agent.ts';
import { type Follower, followHead, followStream, type Stop } from './verifier-follow.ts';
import { createVerifierHead, type VerifierClock, type VerifierHead } from './verifier-head.ts';
import { createVerifierJoin } from './verifier-join.ts';
import { type Known, toKnown } from './verifier-known.ts';
import { type Asked, createVerifierMemory, type VerifierMemory } from './verifier-memory.ts';
import { createVerifierReporter, type VerifierReporter } from './verifier-report.ts';
import { unavailable, unavailableAfter } from './verifier-unavailable.ts';
import { createVerifierUsage } from './verifier-usage.ts';
import { wait } from './wait.ts';

export interface VerifierSettings extends Omit<PosternSettings, 'maxRetries'> {
  /** For how long, at most, an answer from memory may differ from what Postern would say; 2,000 by default, at least 300. */
  readonly maxStalenessMs?: number | undefined;
  /** Answers that are remembered, at most; 100,000 by default. 0 remembers nothing: Postern is asked each time. */
  readonly maxEntries?: number | undefined;
}

export interface VerifierQuestion {
  /** What the caller wants to do. Without it, an answer `allowed` says only who it is. */
  readonly permission?: string | undefined;
  /** Where, by id or name; absent = in the organization. */
  readonly workspace?: string | undefined;
  /** The address that the call came from: without it a token restricted to networks is not valid. */
  readonly clientAddress?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Where the answer came from: memory (or the value itself, where it cannot be one), or Postern. */
export type VerifierSource = 'memory' | 'server';

export type VerifiedPrincipal = NonNullable<Verification['principal']>;
export type VerifiedOrganization = NonNullable<Verification['organization']>;
export type VerifiedToken = NonNullable<Verification['token']>;

export interface AllowedAnswer {
  readonly outcome: 'allowed';
  readonly principal: VerifiedPrincipal;
  readonly organization: VerifiedOrganization;
  readonly token: VerifiedToken;
  /** Every source of the permission; empty when none was asked about. */
  readonly because: readonly Because[];
  readonly source: VerifierSource;
}

export interface DeniedAnswer {
  readonly outcome: 'denied';
  readonly principal: VerifiedPrincipal;
  readonly organization: VerifiedOrganization;
  readonly token: VerifiedToken;
  readonly missing: Missing | undefined;
  readonly source: VerifierSource;
}

export interface InvalidAnswer {
  readonly outcome: 'invalid';
  readonly source: VerifierSource;
}

export type VerifierAnswer = AllowedAnswer | DeniedAnswer | InvalidAnswer;

export interface VerifierStats {
  /** Whether answers may be given from memory now. */
  readonly fresh: boolean;
  readonly entries: number;
  readonly fromMemory: number;
  readonly fromServer: number;
  /** Questions that could not be answered. */
  readonly unavailable: number;
  /** Uses that were answered from memory and could not be kept for the report. */
  readonly unreported: number;
}

export interface Verifier {
  /** Resolves when answers may be given from memory; throws `VerifierUnavailable` when Postern is not reached. */
  ready(): Promise<void>;
  /**
   * Who presents this value, and may they do that? From memory where that may be trusted, else from Postern. Throws
   * `VerifierUnavailable` rather than guess, and `InvalidRequest` for a question that no answer can be given to.
   */
  verify(value: string | TokenValue, question?: VerifierQuestion): Promise<VerifierAnswer>;
  stats(): VerifierStats;
  /** Reports the last use, and ends what goes on in the background. Later questions throw `VerifierUnavailable`. */
  close(): Promise<void>;
}

/** What a test may hand in. */
export interface VerifierDependencies {
  readonly clock: VerifierClock;
  /** Whether to ask for the head, follow the stream and report in the background. */
  readonly background: boolean;
}

const DEFAULT_STALENESS_MS = 2_000;
const LEAST_STALENESS_MS = 300;
const DEFAULT_ENTRIES = 100_000;
const DEFAULT_TIMEOUT_MS = 2_000;
const SALT_BYTES = 64;

const SYSTEM: VerifierDependencies = {
  clock: { monotonic: () => performance.now(), wall: () => Date.now() },
  background: true,
};

/**
 * A verifier for APIs that trust Postern: it remembers what Postern answered, and forgets it when something changes or when
 * it cannot be sure. Its token needs `token.introspect` and `changes.read`; the organization role `verifier` has both.
 */
export function createVerifier(settings: VerifierSettings = {}): Verifier {
  return assembleVerifier(settings, SYSTEM).verifier;
}

/** The verifier, and its head for tests that ask for it by hand. */
export function assembleVerifier(
  settings: VerifierSettings,
  { clock, background }: VerifierDependencies,
): { readonly verifier: Verifier; readonly head: VerifierHead; readonly reporter: VerifierReporter } {
  const maxStalenessMs = atLeast('maxStalenessMs', settings.maxStalenessMs ?? DEFAULT_STALENESS_MS, LEAST_STALENESS_MS);
  const maxEntries = atLeast('maxEntries', settings.maxEntries ?? DEFAULT_ENTRIES, 0);
  const resolved = resolveSettings(
    { ...settings, timeoutMs: settings.timeoutMs ?? DEFAULT_TIMEOUT_MS, maxRetries: 0 },
    platformEnvironment(),
  );
  const credential = createCredential(resolved);
  const call = createCall({ settings: resolved, credential, random: Math.random, wait });
  const memory: VerifierMemory<Known> = createVerifierMemory(maxEntries);
  const usage = createVerifierUsage(randomId);
  const closing = new AbortController();
  const head = createVerifierHead({
    clock,
    maxStalenessMs,
    memory,
    prepare: () => credential.value({ signal: closing.signal, timeoutMs: resolved.timeoutMs }),
    fetchHead: async (after) => {
      const options = { signal: closing.signal, timeoutMs: Math.min(maxStalenessMs, resolved.timeoutMs) };
      return (await call('GET /api/v1/changes/head', { query: { after } }, options)).body;
    },
  });
  const reporter = createVerifierReporter({ call, usage, head, verifierId: randomId(), newReportId: randomId });
  const hash = createTokenHash(crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
  const joining = createVerifierJoin<Known | undefined>(clock, maxStalenessMs);
  const counts = { memory: 0, server: 0, unavailable: 0 };
  /** Whether Postern was not reached the last time, with a question or for the head. */
  let isFailing = false;
  let follower: Follower | undefined;
  const stops: Stop[] = [];
  if (background) {
    follower = followHead(async () => {
      await head.ask().catch((error: unknown) => {
        if (isOutage(error)) isFailing = true;
        throw error;
      });
      void reporter.announce();
    }, maxStalenessMs);
    stops.push(
      follower.stop,
      followStream(resolved, credential, () => follower?.wake()),
      reporter.start(),
    );
  }

  async function verify(value: string | TokenValue, question: VerifierQuestion = NO_QUESTION): Promise<VerifierAnswer> {
    const text = revealed(value);
    const key = typeof text === 'string' ? hash(text) : undefined;
    if (key === undefined) return MALFORMED;
    if (closing.signal.aborted) throw unavailable('The verifier is closed.');
    const serverNow = head.freshServerNow();
    if (serverNow !== undefined) {
      const known = memory.find(key, question as Asked, serverNow);
      if (known) {
        counts.memory += 1;
        known.tally = usage.note(known.tally, known.answer.used, question.clientAddress, question.userAgent, serverNow);
        return known.answer.remembered;
      }
      if (memory.isRefused(key, question as Asked, clock.monotonic())) {
        counts.memory += 1;
        return REFUSED;
      }
    }
    return isTokenText(text) ? askServer(key, text, question) : MALFORMED;
  }

  async function askServer(key: string, text: string, question: VerifierQuestion): Promise<VerifierAnswer> {
    const { permission, workspace, clientAddress, userAgent } = question;
    const id = `${key}${JSON.stringify([permission, workspace, clientAddress, userAgent])}`;
    const send = (): Promise<Known | undefined> => ask(key, text, question);
    const { answer, isJoined } = maxEntries > 0 ? joining.join(id, send) : { answer: send(), isJoined: false };
    const known = await answer.catch((error: unknown) => {
      counts.unavailable += 1;
      throw error;
    });
    counts.server += 1;
    if (!known) return INVALID;
    // Postern has counted one use: that of whoever sent the question.
    if (isJoined) usage.note(undefined, known.used, clientAddress, userAgent, head.earliestServerNow() ?? clock.wall());
    return known.told;
  }

  async function ask(key: string, text: string, question: VerifierQuestion): Promise<Known | undefined> {
    const { permission, workspace, clientAddress, userAgent } = question;
    const stamp = memory.stamp();
    const body = { token: text, permission, workspace, clientAddress, userAgent: parseUserAgent(userAgent) };
    const asked: Asked = { permission, workspace, clientAddress };
    let verdict: Verification;
    try {
      verdict = (await call('POST /api/v1/tokens/verify', { body }, { signal: closing.signal })).body;
    } catch (error) {
      if (error instanceof InvalidRequest && error.code !== 'client.unexpected_answer') throw error;
      isFailing = true;
      throw unavailableAfter(error, closing.signal);
    }
    // Postern is there again: no need to wait for the next look.
    if (isFailing) follower?.recovered();
    isFailing = false;
    if (!head.isFresh()) follower?.wake();
    const known = toKnown(verdict, permission);
    if (maxEntries > 0 && known) memory.put(key, known.facts, asked, known, stamp);
    if (maxEntries > 0 && !known) memory.putRefused(key, asked, clock.monotonic() + maxStalenessMs, stamp);
    return known;
  }

  const verifier: Verifier = {
    async ready() {
      try {
        await head.ask();
      } catch (error) {
        throw unavailableAfter(error, closing.signal);
      }
    },
    verify,
    stats: () => ({
      fresh: head.isFresh(),
      entries: memory.size(),
      fromMemory: counts.memory,
      fromServer: counts.server,
      unavailable: counts.unavailable,
      unreported: usage.lost() + reporter.lost(),
    }),
    async close() {
      if (closing.signal.aborted) return;
      for (const stop of stops) stop();
      closing.abort(new Error('the verifier is closed'));
      memory.clear();
      await reporter.finish();
    },
  };
  return { verifier, head, reporter };
}

const NO_QUESTION: VerifierQuestion = {};
const MALFORMED: VerifierAnswer = Object.freeze({ outcome: 'invalid', source: 'memory' });
const REFUSED: VerifierAnswer = MALFORMED;
const INVALID: VerifierAnswer = Object.freeze({ outcome: 'invalid', source: 'server' });

/** Postern was not reached, or can answer nobody now; it has not refused. */
function isOutage(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof ServerError;
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function atLeast(name: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw new SettingsError(`${name} must be a number, ${least} or more.`);
}
