import type { Call, CallOptions } from './call.ts';
import type { AccessCheck, AccessDecision, AccessPreview, AccessPreviewInput } from './openapi.gen.ts';

export interface AccessResource {
  /** May this principal do that there, and why? */
  check(question: AccessCheck, options?: CallOptions): Promise<AccessDecision>;
  /** Who would gain and lose what, if these changes were made? Nothing is changed. */
  preview(changes: AccessPreviewInput['changes'], options?: CallOptions): Promise<AccessPreview>;
}

export function access(call: Call): AccessResource {
  return {
    async check(question, options) {
      return (await call('POST /api/v1/access/check', { body: question }, options)).body;
    },

    async preview(changes, options) {
      return (await call('POST /api/v1/access/preview', { body: { changes } }, options)).body;
    },
  };
}
