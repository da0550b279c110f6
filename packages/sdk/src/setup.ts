import type { Call, CallOptions } from './call.ts';
import type { JoinedMember, SetupAnswer, SetupFacts } from './openapi.gen.ts';

/** Where the link of the first start leads. Whoever holds the link needs no other credential. */
export interface Setup {
  /** What it sets up; `code` is what stands behind the # of the link. */
  inspect(code: string, options?: CallOptions): Promise<SetupFacts>;
  /** Becomes the first admin, and is signed in where the answer says so. */
  complete(answer: SetupAnswer, options?: CallOptions): Promise<JoinedMember>;
}

export function setup(call: Call): Setup {
  return {
    async inspect(code, options) {
      return (await call('POST /api/v1/setup/inspect', { body: { code } }, options)).body;
    },

    async complete(body, options) {
      return (await call('POST /api/v1/setup', { body, once: true }, options)).body;
    },
  };
}
