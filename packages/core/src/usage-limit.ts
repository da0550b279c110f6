/** Permissions whose last use is kept per principal: the latest ones. */
export const PERMISSION_USES_MAX = 200;

export const USAGE_LIMITS = {
  generations: 100_000,
  permissions: 200_000,
  callersPerGeneration: 50,
  permissionsPerGeneration: PERMISSION_USES_MAX,
  refusals: 10_000,
  requestIdsPerRefusal: 20,
  redigests: 10_000,
  userAgentLength: 200,
  generationsPerBatch: 500,
} as const;
