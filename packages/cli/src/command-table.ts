import { ACCESS_COMMANDS } from './access.ts';
import { AUDIT_COMMANDS } from './audit-event.ts';
import { BACKUP_COMMANDS } from './backup.ts';
import type { Command, Commands } from './command.ts';
import { COMPLETION_COMMANDS } from './completion.ts';
import { DOCTOR_COMMANDS } from './doctor.ts';
import { GROUP_COMMANDS } from './group.ts';
import { LEAK_COMMANDS } from './leak.ts';
import { ME_COMMANDS } from './me.ts';
import { MEMBER_COMMANDS } from './member.ts';
import { NODE_COMMANDS } from './node.ts';
import { ORGANIZATION_COMMANDS } from './organization.ts';
import { PERMISSION_COMMANDS } from './permission.ts';
import { PLATFORM_VERIFIER_COMMANDS } from './platform-verifier.ts';
import { ROLE_COMMANDS } from './role.ts';
import { RUN_COMMANDS } from './run.ts';
import { SCAN_COMMANDS } from './scan.ts';
import { SERVER_COMMANDS } from './server.ts';
import { SERVICE_ACCOUNT_COMMANDS } from './service-account.ts';
import { SETUP_COMMANDS } from './setup.ts';
import { TOKEN_COMMANDS } from './token.ts';
import { WORKSPACE_COMMANDS } from './workspace.ts';

/** Everything that `postern` can be asked for, by its words. */
export const COMMANDS: Commands = {
  ...ME_COMMANDS,
  ...SERVICE_ACCOUNT_COMMANDS,
  ...TOKEN_COMMANDS,
  ...GROUP_COMMANDS,
  ...WORKSPACE_COMMANDS,
  ...ROLE_COMMANDS,
  ...PERMISSION_COMMANDS,
  ...ACCESS_COMMANDS,
  ...MEMBER_COMMANDS,
  ...ORGANIZATION_COMMANDS,
  ...AUDIT_COMMANDS,
  ...NODE_COMMANDS,
  ...RUN_COMMANDS,
  ...SCAN_COMMANDS,
  ...LEAK_COMMANDS,
  ...SERVER_COMMANDS,
  ...BACKUP_COMMANDS,
  ...SETUP_COMMANDS,
  ...PLATFORM_VERIFIER_COMMANDS,
  ...DOCTOR_COMMANDS,
  ...COMPLETION_COMMANDS,
};

const ALIASES: Readonly<Record<string, string>> = { sa: 'service-account' };

/** The words with a noun's short form written out. */
export function spelledOut([first = '', ...rest]: readonly string[]): readonly string[] {
  return [ALIASES[first] ?? first, ...rest];
}

/** The command that these arguments begin with, and its name. */
export function findCommand(args: readonly string[]): { readonly name: string; readonly command: Command } | undefined {
  const words = spelledOut(args);
  for (const name of [words.slice(0, 2).join(' '), words[0] ?? '']) {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command) return { name, command };
  }
  return undefined;
}
