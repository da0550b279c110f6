/**
 * The part of the storage port that is the operator's: organizations beside each other. Nothing of it answers a caller of
 * the API. The promises at the head of storage.ts hold for these mutations too.
 */
import type { Organization, Plan } from './organization.ts';
import type { Installation, Restoration, RestoreSummary } from './revocation.ts';
import type { Bootstrap, Committed, MutationContext, Page, PageQuery } from './storage.ts';

/** An organization as the operator sees it. */
export interface OrganizationSummary extends Pick<Organization, 'id' | 'name' | 'plan' | 'createdAt'> {
  /** Service accounts, disabled ones included. */
  readonly accounts: number;
}

export interface OrganizationStorage {
  /** Makes organization, account and token, each with its audit event and its change. */
  createOrganization(input: Bootstrap): Promise<Committed<Organization>>;
  /** The oldest first. */
  listOrganizations(query: PageQuery): Promise<Page<OrganizationSummary>>;
  /** Pauses service accounts and their tokens, or ends that pause; deletes nothing. The operator's only. */
  setOrganizationPlan(context: MutationContext, plan: Plan): Promise<Committed<Organization>>;
  /**
   * Ends the quarantine that a restore began: what the copy holds and the journal did not end works again.
   * `quarantine.delete_only`.
   */
  releaseOrganization(context: MutationContext): Promise<Committed<Organization>>;
  /** Ends the quarantine, and with it every token of the organization; nothing where there is none. The result is how many. */
  deleteQuarantinedTokens(context: MutationContext): Promise<Committed<number>>;
  findInstallation(): Promise<Installation>;
  /** Takes away again what was revoked since the copy was made, ends all sessions, and quarantines every organization. */
  restore(restoration: Restoration): Promise<RestoreSummary>;
}
