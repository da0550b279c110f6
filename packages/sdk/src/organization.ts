import type { Call, CallOptions } from './call.ts';
import type { Organization } from './openapi.gen.ts';

export interface OrganizationResource {
  /** The organization of the client's own token. */
  get(options?: CallOptions): Promise<Organization>;
}

export function organization(call: Call): OrganizationResource {
  return {
    async get(options) {
      return (await call('GET /api/v1/organization', {}, options)).body;
    },
  };
}
