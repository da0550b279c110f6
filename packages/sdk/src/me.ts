import type { Call, CallOptions } from './call.ts';
import type { Me } from './openapi.gen.ts';
import type { Ended } from './receipt.ts';

export interface MeResource {
  /** Who the client's own token is, and what it may do. */
  (options?: CallOptions): Promise<Me>;
  /** Ends the client's own token; a job does so when it is done. */
  deleteToken(options?: CallOptions): Promise<Ended>;
}

export function me(call: Call): MeResource {
  async function get(options?: CallOptions): Promise<Me> {
    return (await call('GET /api/v1/me', {}, options)).body;
  }

  async function deleteToken(options?: CallOptions): Promise<Ended> {
    const { receipt } = await call('DELETE /api/v1/me/token', { ends: true }, options);
    return { receipt };
  }

  return Object.assign(get, { deleteToken });
}
