import { VerifierUnavailable } from './error.ts';
import { revealed } from './token-value.ts';
import type { Verifier, VerifierAnswer } from './verifier.ts';

/** Whoever presents this value. */
export interface FakeToken {
  /** What it may do; `all` for everything. Without `workspaces`, everywhere. */
  readonly permissions: readonly string[] | 'all';
  /** Where it may do it, as the API asks: by id or name. */
  readonly workspaces?: readonly string[];
  readonly displayName?: string;
}

export interface FakeVerifier extends Verifier {
  /** While true, every question throws `VerifierUnavailable`. */
  unavailable: boolean;
  /** Ends a value: it is not valid any more. */
  revoke(value: string): void;
}

/** A verifier for tests of your API: it knows the values that you name, and talks to nobody. */
export function fakeVerifier(tokens: Readonly<Record<string, FakeToken>> = {}): FakeVerifier {
  const known = new Map(Object.entries(tokens));
  const counts = { answered: 0, unavailable: 0 };

  const fake: FakeVerifier = {
    unavailable: false,
    revoke: (value) => void known.delete(value),
    ready: async () => undefined,
    async verify(value, { permission, workspace } = {}): Promise<VerifierAnswer> {
      if (fake.unavailable) {
        counts.unavailable += 1;
        throw new VerifierUnavailable('The fake verifier was told to be unavailable.');
      }
      counts.answered += 1;
      const text = revealed(value);
      const token = known.get(text);
      const source = 'memory';
      if (!token) return { outcome: 'invalid', source };
      const name = token.displayName ?? 'fake';
      const number = [...known.keys()].indexOf(text) + 1;
      const who = {
        principal: { id: `sa_fake${number}`, kind: 'service_account', displayName: name, organizationRole: 'member' },
        organization: { id: 'org_fake', name: 'Fake' },
        token: {
          id: `tok_fake${number}`,
          name,
          expiresAt: null,
          generation: 1,
          validUntil: null,
          networkRestricted: false,
        },
      } as const;
      const holds = permission === undefined || token.permissions === 'all' || token.permissions.includes(permission);
      const isThere =
        token.workspaces === undefined || (workspace !== undefined && token.workspaces.includes(workspace));
      return holds && (permission === undefined || isThere)
        ? { outcome: 'allowed', ...who, because: [], source }
        : { outcome: 'denied', ...who, missing: undefined, source };
    },
    stats: () => ({
      fresh: !fake.unavailable,
      entries: known.size,
      fromMemory: counts.answered,
      fromServer: 0,
      unavailable: counts.unavailable,
      unreported: 0,
    }),
    close: async () => undefined,
  };
  return fake;
}
