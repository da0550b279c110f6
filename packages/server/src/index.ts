export { type AppOptions, buildApp } from './app.ts';
export { createServer, type Parts } from './assemble.ts';
export { keyStatus } from './key-status.ts';
export { createLog } from './log.ts';
export { memberResetPassword } from './member-operator.ts';
export {
  type OrganizationEntry,
  organizationCreate,
  organizationList,
  organizationSetPlan,
  type PlanChange,
} from './organization-operator.ts';
export {
  type PlatformVerifierEntry,
  platformVerifierCreate,
  platformVerifierDelete,
  platformVerifierList,
} from './platform-verifier-operator.ts';
export { serve } from './serve.ts';
export type { Server } from './server.ts';
export { SETTING_DESCRIPTIONS, type SettingDescription } from './setting.ts';
export { setupLinkCreate } from './setup-operator.ts';
export { EXIT_FAILURE, EXIT_USAGE, StartError } from './start-error.ts';
export { generateTokenText } from './token-value.ts';
