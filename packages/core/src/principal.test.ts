import { describe, expect, test } from 'vitest';
import type { OrganizationId, ServiceAccountId, TokenId } from './id.ts';
import { admitToken, type TokenRecord } from './principal.ts';

const RECORD: TokenRecord = {
  token: { id: 'tok_1' as TokenId, name: 'ci', generation: 2, state: 'current', validUntil: 1_000, deleted: false },
  principal: {
    kind: 'service_account',
    id: 'sa_1' as ServiceAccountId,
    displayName: 'nightly-import',
    organizationRole: 'member',
    status: 'active',
    version: 1,
  },
  organization: { id: 'org_1' as OrganizationId, name: 'Acme', plan: 'commercial', version: 1 },
  keyId: 'k1',
};

const token = (facts: Partial<TokenRecord['token']>): TokenRecord => ({
  ...RECORD,
  token: { ...RECORD.token, ...facts },
});
const principal = (facts: Partial<TokenRecord['principal']>): TokenRecord => ({
  ...RECORD,
  principal: { ...RECORD.principal, ...facts },
});
const plan = (name: TokenRecord['organization']['plan']): TokenRecord => ({
  ...RECORD,
  organization: { ...RECORD.organization, plan: name },
});

describe('a token is admitted', () => {
  test.each<[string, TokenRecord, number]>([
    ['strictly before its end', RECORD, 999],
    ['without an end', token({ validUntil: null }), Number.MAX_SAFE_INTEGER],
    ['while its old value retires', token({ state: 'retiring' }), 999],
    ['on the enterprise plan', plan('enterprise'), 0],
  ])('%s', (_, record, now) => {
    expect(admitToken(record, now).admitted).toBe(true);
  });
});

describe('a token is refused', () => {
  test.each<[string, TokenRecord, number, string]>([
    ['at the very instant of its end', RECORD, 1_000, 'expired'],
    ['after its end', RECORD, 1_001, 'expired'],
    ['when an overlap is over', token({ state: 'retiring' }), 1_000, 'expired'],
    ['when its value was replaced', token({ state: 'retired', validUntil: null }), 0, 'retired'],
    ['when it was deleted', token({ state: 'retired', deleted: true }), 0, 'token_deleted'],
    ['when its account is disabled', principal({ status: 'disabled' }), 0, 'account_disabled'],
    ['when its account was deleted', principal({ status: 'deleted' }), 0, 'account_deleted'],
    ['when the plan pauses service accounts', plan('community'), 0, 'plan'],
  ])('%s', (_, record, now, reason) => {
    expect(admitToken(record, now)).toEqual({ admitted: false, reason });
  });
});
