import type { Call, CallOptions } from './call.ts';
import type { Node } from './openapi.gen.ts';

/** The processes that serve. */
export interface Nodes {
  /** The one that joined first comes first. */
  list(options?: CallOptions): Promise<readonly Node[]>;
}

export function nodes(call: Call): Nodes {
  return {
    async list(options) {
      return (await call('GET /api/v1/nodes', {}, options)).body.items;
    },
  };
}
