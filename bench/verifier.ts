import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { encodeTokenValue } from '@postern/core';
import { createVerifier } from '@postern/sdk';
import { median } from './machine.ts';

/** The SDK's verifier, in the process of the API that asks it, from memory. */
export interface VerifierResult {
  /** In a second of processor time. */
  readonly perSecond: number;
  readonly tokens: number;
}

const TOKENS = 1_000;
const CALLS = 500_000;
const ROUNDS = 5;
const CALLS_PER_ROUND_OF_LOOP = 1_000;

/** What answers in place of Postern, in process: only what memory costs is measured, and all of it is filled before. */
const answer: typeof fetch = async (input, init) => {
  const path = new URL(String(input)).pathname;
  if (path === '/api/v1/changes/head') {
    const head = { position: 0, cursor: '0-', reset: false, changes: [], now: new Date().toISOString() };
    return Response.json(head);
  }
  if (path !== '/api/v1/tokens/verify') return Response.json({}, { status: 503 });
  const { token } = JSON.parse(String(init?.body)) as { token: string };
  const id = token.slice(4, 20);
  return Response.json({
    active: true,
    principal: { id: `sa_${id}`, kind: 'service_account', displayName: 'pipeline', organizationRole: 'member' },
    organization: { id: 'org_1', name: 'Acme' },
    token: {
      ...{ id: `tok_${id}`, name: 'nightly', expiresAt: null, generation: 1 },
      ...{ validUntil: null, networkRestricted: false },
    },
    allowed: true,
    because: [{ source: 'organization_role', role: 'admin' }],
  });
};

/** Verifications in a second of processor time, garbage collection included; each of another token than the one before, with a permission, an address and a user agent. */
export async function measureVerifier(): Promise<VerifierResult> {
  const verifier = createVerifier({ url: 'http://postern.invalid', token: 'bench', fetch: answer });
  await verifier.ready();
  const values = Array.from({ length: TOKENS }, () => encodeTokenValue(randomBytes(32)).reveal());
  const question = { permission: 'orders.read', clientAddress: '203.0.113.7', userAgent: 'bench/1' };
  const call = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      await verifier.verify(values[index % TOKENS] as string, question);
      // As between requests: or the answers for the head would never be heard.
      if (index % CALLS_PER_ROUND_OF_LOOP === 0) await setImmediate();
    }
  };
  await call(TOKENS);
  await call(CALLS);
  const speeds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.cpuUsage();
    await call(CALLS);
    const { user, system } = process.cpuUsage(start);
    speeds.push(CALLS / ((user + system) / 1_000_000));
  }
  const { fromServer } = verifier.stats();
  if (fromServer !== TOKENS) throw new Error(`${fromServer - TOKENS} verifications were not answered from memory`);
  await verifier.close();
  return { perSecond: median(speeds), tokens: TOKENS };
}
