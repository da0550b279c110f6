import type { AccessDecision } from '@postern/sdk';
import { connect } from './client.ts';
import { type CommandInput, type Commands, isGiven, print } from './command.ts';
import { EXIT } from './exit.ts';
import { findPrincipal } from './find.ts';
import { CLIENT_FLAGS } from './flag.ts';
import { plain } from './output.ts';

export const ACCESS_COMMANDS: Commands = {
  check: {
    summary: 'May this account or member do that there, and why? Exits with 10 when not',
    where: 'client',
    operands: [
      { name: 'account-or-member', names: 'principal' },
      { name: 'permission', names: 'permission' },
    ],
    details: ['`me` is whoever asks.'],
    flags: {
      workspace: { value: 'workspace', names: 'workspace', summary: 'Where; in the organization if absent' },
      ...CLIENT_FLAGS,
    },
    run: check,
  },
};

async function check(input: CommandInput): Promise<void> {
  const [who = '', permission = ''] = input.operands;
  const { workspace } = input.flags;
  const { postern } = await connect(input);
  const principalId = await findPrincipal(postern, who);
  const place = workspace === undefined ? {} : { workspace };
  const decision = await postern.access.check({ principalId, permission, ...place });
  if (!decision.allowed) process.exitCode = EXIT.no;
  if (isGiven(input, 'json')) return print(JSON.stringify(decision, null, 2));
  for (const line of explainDecision(decision)) print(line);
}

function explainDecision({ allowed, because = [], missing }: AccessDecision): string[] {
  if (allowed) return ['allowed', ...because.map((source) => `because\t${plain(explainSource(source))}`)];
  const withheld = missing?.withheldBy ? [`withheld by\t${plain(missing.withheldBy)}`] : [];
  const grantable = missing ? [`grantable by\t${plain(missing.grantableBy.join(', ')) || 'nobody'}`] : [];
  return [
    'denied',
    ...(missing ? [`missing\t${plain(`${missing.permission} in the ${missing.scope}`)}`] : []),
    ...withheld,
    ...grantable,
  ];
}

function explainSource(source: NonNullable<AccessDecision['because']>[number]): string {
  if (source.source === 'organization_role') return `organization role ${source.role}`;
  if (source.source === 'group_role') return `${source.role} of the group ${source.group.name}`;
  return `role ${source.role.name}${source.group ? ` through the group ${source.group.name}` : ', given directly'}`;
}
