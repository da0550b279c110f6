export { type AppOptions, buildApp } from './app.ts';
export { createServer, type Parts } from './assemble.ts';
export {
  backUp,
  type QuarantineEntry,
  quarantineEnd,
  quarantineList,
  type Restored,
  type RestoreInput,
  restore,
} from './backup-operator.ts';
export { type Diagnosis, diagnose } from './doctor.ts';
export { keyStatus } from './key-status.ts';
export { createLog } from './log.ts';
export { memberResetPassword } from './member-operator.ts';
export {
  type OrganizationEntry,
  organizationCreate,
  organizationList,
  organizationSetPlan,
} from './organization-operator.ts';
export {
  type PlatformVerifierEntry,
  platformVerifierCreate,
  platformVerifierDelete,
  platformVerifierList,
} from './platform-verifier-operator.ts';
export { serve } from './serve.ts';
export type { Server } from './server.ts';
export { SETTING_DESCRIPTIONS, type SettingDescription } from './setting-table.ts';
export { setupLinkCreate } from './setup-operator.ts';
