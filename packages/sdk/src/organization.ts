import type { Call, CallOptions } from './call.ts';
import type { Organization, OrganizationUpdate, TokenPolicy, TokenPolicyPreview } from './openapi.gen.ts';

export interface OrganizationResource {
  /** The organization of the client's own token. */
  get(options?: CallOptions): Promise<Organization>;
  /** Fields that are absent stay as they are. */
  update(change: OrganizationUpdate, options?: CallOptions): Promise<Organization>;
  /** Lets the tokens work again that wait since a restore; the client must have signed in. */
  release(options?: CallOptions): Promise<Organization>;
  /** Deletes all tokens that wait since a restore; the answer is how many. */
  deleteQuarantinedTokens(options?: CallOptions): Promise<number>;
  /** Which tokens work now and would not under this policy; nothing is changed. */
  previewTokenPolicy(tokenPolicy: TokenPolicy, options?: CallOptions): Promise<TokenPolicyPreview>;
}

export function organization(call: Call): OrganizationResource {
  return {
    async get(options) {
      return (await call('GET /api/v1/organization', {}, options)).body;
    },

    async update(change, options) {
      return (await call('PATCH /api/v1/organization', { body: change }, options)).body as Organization;
    },

    async release(options) {
      return (await call('POST /api/v1/organization/quarantine/release', {}, options)).body;
    },

    async deleteQuarantinedTokens(options) {
      return (await call('POST /api/v1/organization/quarantine/delete-tokens', {}, options)).body.deleted;
    },

    async previewTokenPolicy(tokenPolicy, options) {
      const input = { query: { dryRun: true }, body: { tokenPolicy } };
      return (await call('PATCH /api/v1/organization', input, options)).body as TokenPolicyPreview;
    },
  };
}
