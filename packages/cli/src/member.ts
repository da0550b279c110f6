import type { InvitationOutcome, Member, MemberQuery, Postern } from '@postern/sdk';
import { connect, connectToChange } from './client.ts';
import { type CommandInput, type Commands, isGiven, say } from './command.ts';
import { confirm } from './confirm.ts';
import { EXIT } from './exit.ts';
import { findMember } from './find.ts';
import { CLIENT_FLAGS, END_FLAGS, LIST_FLAGS } from './flag.ts';
import { type Column, namesOf, plain, printItem, printList } from './output.ts';
import { printOnce } from './stdout.ts';

const COLUMNS: readonly Column<Member>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ displayName }) => displayName },
  { name: 'email', of: ({ email }) => email },
  { name: 'status', of: ({ status }) => status },
  { name: 'role', of: ({ organizationRole }) => organizationRole },
  { name: 'created', of: ({ createdAt }) => createdAt, time: true },
];
const ROLE_FLAG = {
  value: 'role',
  choices: ['member', 'admin'],
  summary: 'The role in the organization: member or admin',
};
const MEMBER = { name: 'member', names: 'member' } as const;

export const MEMBER_COMMANDS: Commands = {
  'member create': {
    summary: 'Invite people by e-mail; each link is printed this once',
    where: 'client',
    operands: [{ name: 'email', many: true }],
    flags: { role: ROLE_FLAG, ...CLIENT_FLAGS },
    run: create,
  },
  'member list': {
    summary: 'List the people of the organization',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: {
      search: { value: 'text', summary: 'Part of a name or e-mail' },
      status: { value: 'status', choices: ['invited', 'active'], summary: 'invited or active' },
      role: ROLE_FLAG,
      ...LIST_FLAGS,
      ...CLIENT_FLAGS,
    },
    async run(input) {
      const { search, status, role } = input.flags;
      const { postern } = await connect(input);
      await printList(postern.members.list({ search, status, organizationRole: role } as MemberQuery), COLUMNS, input);
    },
  },
  'member show': {
    summary: 'Show a member',
    where: 'client',
    operands: [MEMBER],
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connect(input);
      printItem(await postern.members.get(await idOf(postern, input)), COLUMNS, input);
    },
  },
  'member edit': {
    summary: 'Change the name or role of a member',
    where: 'client',
    operands: [MEMBER],
    flags: { name: { value: 'name', summary: 'The new name' }, role: ROLE_FLAG, ...CLIENT_FLAGS },
    async run(input) {
      const { name, role } = input.flags;
      const { postern } = await connectToChange(input);
      const change = {
        ...(name !== undefined && { displayName: name }),
        ...(role !== undefined && { organizationRole: role as 'member' | 'admin' }),
      };
      printItem(await postern.members.update(await idOf(postern, input), change), COLUMNS, input);
    },
  },
  'member delete': {
    summary: 'Remove a member: sessions, tokens and memberships end',
    where: 'client',
    operands: [MEMBER],
    flags: { ...END_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connectToChange(input);
      const { id, displayName, email } = await postern.members.get(await idOf(postern, input));
      const lines = [
        'This ends for good:',
        `  the membership of ${plain(displayName)}, ${plain(email)} (${id})`,
        '  all sessions, tokens and places in groups and workspaces of that person',
      ];
      if (await confirm(input, lines)) await postern.members.delete(id);
    },
  },
  'member reset-password': {
    summary: 'For a lock-out: print a new password for the person, this once, and end all their sessions',
    where: 'server',
    operands: [{ name: 'email' }],
    flags: { 'without-second-step': { summary: 'Take the second step away, too' } },
    run: resetPassword,
  },
};

const OUTCOME_COLUMNS: readonly Column<InvitationOutcome>[] = [
  { name: 'email', of: ({ email }) => email },
  { name: 'link', of: ({ invitation }) => invitation?.link },
];

/** Of several, some may be refused: they are named on stderr, and the exit code is that of a conflict. */
async function create(input: CommandInput): Promise<void> {
  const role = input.flags['role'] as 'member' | 'admin' | undefined;
  const { postern } = await connectToChange(input);
  const outcomes = await postern.members.invite({
    emails: [...input.operands],
    ...(role !== undefined && { organizationRole: role }),
  });
  const refused = outcomes.filter(({ invitation }) => !invitation);
  for (const { email, code } of refused) say(`${plain(email)} was not invited: ${code}.`);
  if (refused.length > 0) process.exitCode = EXIT.conflict;
  if (isGiven(input, 'json')) return printOnce(JSON.stringify(outcomes, null, 2));
  const lines = outcomes
    .filter(({ invitation }) => invitation)
    .map((outcome) => OUTCOME_COLUMNS.map(({ of }) => of(outcome)).join('\t'));
  if (lines.length > 0) await printOnce(lines.join('\n'));
}

async function resetPassword({ settings, flags, operands: [email = ''] }: CommandInput): Promise<void> {
  const { memberResetPassword } = await import('@postern/server');
  const withoutSecondStep = flags['without-second-step'] !== undefined;
  const password = await memberResetPassword(settings, { email, withoutSecondStep });
  await printOnce(
    [
      'Here is the new password; it is not shown again:',
      '',
      `  ${password}`,
      '',
      `All sessions have ended${withoutSecondStep ? ', and the second step is gone' : ''}. Sign in, and change it.`,
    ].join('\n'),
  );
}

function idOf(postern: Postern, { operands: [member = ''] }: CommandInput): Promise<string> {
  return findMember(postern, member);
}
