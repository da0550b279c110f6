import { describe, expect, test } from 'vitest';
import { type RecordFacts, tokenRecord } from '../test/record.ts';
import { DAY_MS } from './clock.ts';
import type { GroupId } from './id.ts';
import { admitToken, type OrganizationFacts } from './principal.ts';
import { OPEN_POLICY, type TokenPolicy } from './token-policy.ts';

const BUILDERS = { id: 'grp_builders' as GroupId, name: 'builders', role: 'member' } as const;
const policy = (changes: Partial<TokenPolicy>): Pick<OrganizationFacts, 'tokenPolicy'> => ({
  tokenPolicy: { ...OPEN_POLICY, ...changes },
});
const inOffice = { restrictions: { networks: ['10.2.0.0/16', '2001:db8::/32'] } };

describe('a token is admitted', () => {
  test.each<[string, RecordFacts, number, string | null]>([
    ['strictly before its end', { token: { validUntil: 1_000 } }, 999, null],
    ['without an end', {}, Number.MAX_SAFE_INTEGER, null],
    ['while its old value retires', { token: { state: 'retiring', validUntil: 1_000 } }, 999, null],
    ['on the commercial plan', { organization: { plan: 'commercial' } }, 0, null],
    [
      'while policy lets one of its groups have tokens',
      { principal: { groups: [BUILDERS] }, organization: policy({ creation: { groupIds: [BUILDERS.id] } }) },
      0,
      null,
    ],
    ['within the maximum lifetime', { organization: policy({ maxLifetimeDays: 1 }) }, DAY_MS - 1, null],
    [
      'with an end where one is required',
      { token: { validUntil: 1_000 }, organization: policy({ requireExpiry: true }) },
      0,
      null,
    ],
    ['from a network that it is restricted to', { token: inOffice }, 0, '10.2.255.255'],
    ['from an IPv6 network that it is restricted to', { token: inOffice }, 0, '2001:db8:ffff::1'],
  ])('%s', (_, facts, now, address) => {
    expect(admitToken(tokenRecord(facts), now, address).admitted).toBe(true);
  });
});

describe('a token is refused', () => {
  test.each<[string, RecordFacts, number, string | null, string]>([
    ['at the very instant of its end', { token: { validUntil: 1_000 } }, 1_000, null, 'expired'],
    ['after its end', { token: { validUntil: 1_000 } }, 1_001, null, 'expired'],
    ['when an overlap is over', { token: { state: 'retiring', validUntil: 1_000 } }, 1_000, null, 'expired'],
    ['when its value was replaced', { token: { state: 'retired' } }, 0, null, 'retired'],
    ['when it was deleted', { token: { state: 'retired', deleted: true } }, 0, null, 'token_deleted'],
    ['when its account is disabled', { principal: { status: 'disabled' } }, 0, null, 'account_disabled'],
    ['when its account was deleted', { principal: { status: 'deleted' } }, 0, null, 'account_deleted'],
    ['when the plan pauses service accounts', { organization: { plan: 'community' } }, 0, null, 'plan'],
    ['when nobody may have tokens', { organization: policy({ creation: 'nobody' }) }, 0, null, 'policy'],
    [
      'when none of its groups may have tokens',
      { organization: policy({ creation: { groupIds: [BUILDERS.id] } }) },
      0,
      null,
      'policy',
    ],
    [
      'when its lifetime exceeds the maximum',
      { organization: policy({ maxLifetimeDays: 1 }) },
      DAY_MS,
      null,
      'expired',
    ],
    ['when it has no end where one is required', { organization: policy({ requireExpiry: true }) }, 0, null, 'policy'],
    ['from another network', { token: inOffice }, 0, '10.3.0.0', 'network'],
    ['from an address that nobody knows', { token: inOffice }, 0, null, 'network'],
    ['from anywhere when no network is left', { token: { restrictions: { networks: [] } } }, 0, '10.2.0.1', 'network'],
  ])('%s', (_, facts, now, address, reason) => {
    expect(admitToken(tokenRecord(facts), now, address)).toEqual({ admitted: false, reason });
  });
});
