import {
  type AdmittedToken,
  admitToken,
  OPEN_POLICY,
  type OrganizationFacts,
  type OrganizationId,
  type PrincipalFacts,
  type ServiceAccountId,
  type TokenFacts,
  type TokenId,
  type TokenRecord,
} from '../src/index.ts';

/** Facts of a token that works, for tests to change what they are about. */
export interface RecordFacts {
  readonly token?: Partial<TokenFacts>;
  readonly principal?: Partial<PrincipalFacts>;
  readonly organization?: Partial<OrganizationFacts>;
}

export function tokenRecord({ token, principal, organization }: RecordFacts = {}): TokenRecord {
  return {
    token: {
      id: 'tok_1' as TokenId,
      name: 'ci',
      generation: 1,
      state: 'current',
      startedAt: 0,
      validUntil: null,
      restrictions: null,
      deleted: false,
      ...token,
    },
    principal: {
      kind: 'service_account',
      id: 'sa_1' as ServiceAccountId,
      displayName: 'nightly-import',
      organizationRole: 'member',
      status: 'active',
      groups: [],
      grants: [],
      version: 1,
      ...principal,
    },
    organization: {
      id: 'org_1' as OrganizationId,
      name: 'Acme',
      plan: 'enterprise',
      tokenPolicy: OPEN_POLICY,
      registered: new Set(),
      quarantined: false,
      version: 1,
      ...organization,
    },
    keyId: 'k1',
  };
}

export function admittedToken(facts: RecordFacts = {}): AdmittedToken {
  const admission = admitToken(tokenRecord(facts), 0, null);
  if (!admission.admitted) throw new Error(`the record should be admitted, but: ${admission.reason}`);
  return admission.record;
}
