import { type AdmittedToken, type OrganizationId, parseAddress, type UsageCaller, type Verdict } from '@postern/core';
import { readUserAgent } from './client.ts';
import type { Server } from './server.ts';

/** What all that verify other people's tokens have in common. */

/** Whom somebody else's token was presented by, as far as the verifier told. */
export interface Presentation {
  readonly organizationId: OrganizationId;
  readonly presenter: UsageCaller;
  readonly requestId: string;
}

/** What the verifier told of the presenter. Throws what `refuse` makes when the address is none. */
export function parsePresenter(
  facts: { readonly address?: string | null | undefined; readonly userAgent?: string | null | undefined },
  refuse: () => Error,
): UsageCaller {
  const address = facts.address ? parseAddress(facts.address) : '';
  if (address === undefined) throw refuse();
  return { address, userAgent: readUserAgent(facts.userAgent ?? undefined) };
}

/** Where the token was presented, as far as the verifier told: what network restrictions are held against. */
export function addressOf({ address }: UsageCaller): string | null {
  return address === '' ? null : address;
}

/**
 * The record of a token that is valid and of the verifier's own organization. Everything else is null, and all alike: a
 * token of another organization leaves no trace there. Refused use of one of our own tokens is noted.
 */
export function admitPresented(server: Server, verdict: Verdict, presentation: Presentation): AdmittedToken | null {
  if (verdict.outcome === 'malformed' || !verdict.record) return null;
  if (verdict.record.organization.id !== presentation.organizationId) return null;
  if (verdict.outcome === 'active') return verdict.record;
  server.usage.recordRefusal(verdict.record, verdict.reason, presentation.presenter, presentation.requestId);
  return null;
}
