import {
  type AdmittedToken,
  type OrganizationId,
  PLATFORM_ORGANIZATION,
  parseAddress,
  type UsageCaller,
  type Verdict,
} from '@postern/core';
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
 * The record of a token that is valid and of the verifier's own organization, or of any if the verifier is the platform's.
 * Everything else is null, and all alike: a token of another organization leaves no trace there. Refused use of a token that
 * the verifier may ask about is noted, in the organization of the token.
 */
export function admitPresented(server: Server, verdict: Verdict, presentation: Presentation): AdmittedToken | null {
  if (verdict.outcome === 'malformed' || !verdict.record) return null;
  if (!mayAskAbout(presentation.organizationId, verdict.record.organization.id)) return null;
  if (verdict.outcome === 'active') return verdict.record;
  server.usage.recordRefusal(verdict.record, verdict.reason, presentation.presenter, presentation.requestId);
  return null;
}

/** The credential of a platform verifier is not for calling anybody: to each other they are not valid. */
function mayAskAbout(asking: OrganizationId, asked: OrganizationId): boolean {
  return asking === PLATFORM_ORGANIZATION ? asked !== PLATFORM_ORGANIZATION : asked === asking;
}
