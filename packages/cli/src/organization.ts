import type { Organization, TokenPolicy } from '@postern/sdk';
import type { OrganizationEntry } from '@postern/server';
import { connect, connectToChange } from './client.ts';
import { type CommandInput, type Commands, isGiven, print, valuesOf } from './command.ts';
import { confirm } from './confirm.ts';
import { parseDuration } from './duration.ts';
import { usageError } from './exit.ts';
import { findGroup } from './find.ts';
import { CLIENT_FLAGS, END_FLAGS, OPERATOR_LIST_FLAGS } from './flag.ts';
import { type Column, each, namesOf, printItem, printList } from './output.ts';
import { printOnce } from './stdout.ts';

const DEFAULT_PLAN = 'enterprise';
const DAY_SECONDS = 86_400;

const FACTS: readonly Column<Organization>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ name }) => name },
  { name: 'plan', of: ({ plan }) => plan },
  {
    name: 'tokens for',
    of: ({ tokenPolicy: { creation } }) =>
      typeof creation === 'string' ? creation : `groups ${creation.groupIds.join(' ')}`,
  },
  { name: 'longest life in days', of: ({ tokenPolicy }) => tokenPolicy.maxLifetimeDays },
  { name: 'must expire', of: ({ tokenPolicy }) => tokenPolicy.requireExpiry },
  { name: 'leaked tokens', of: ({ leakResponse }) => leakResponse },
  { name: 'created', of: ({ createdAt }) => createdAt, time: true },
];

const ENTRY_COLUMNS: readonly Column<OrganizationEntry>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ name }) => name },
  { name: 'plan', of: ({ plan }) => plan },
  { name: 'accounts', of: ({ accounts }) => accounts },
  { name: 'created', of: ({ createdAt }) => createdAt, time: true },
];

export const ORGANIZATION_COMMANDS: Commands = {
  'organization show': {
    summary: 'Show the organization of the caller',
    where: 'client',
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connect(input);
      printItem(await postern.organization.get(), FACTS, input);
    },
  },
  'organization edit': {
    summary: 'Rename the organization of the caller, or say what becomes of leaked tokens',
    where: 'client',
    flags: {
      name: { value: 'name', summary: 'Its new name' },
      'leak-response': {
        value: 'response',
        choices: ['revoke', 'notify'],
        summary: 'What becomes of tokens reported as leaked: revoke or notify',
      },
      ...CLIENT_FLAGS,
    },
    async run(input) {
      const { name, 'leak-response': leakResponse } = input.flags;
      const { postern } = await connectToChange(input);
      const change = {
        ...(name !== undefined && { name }),
        ...(leakResponse !== undefined && { leakResponse: leakResponse as Organization['leakResponse'] }),
      };
      printItem(await postern.organization.update(change), FACTS, input);
    },
  },
  'organization set-token-policy': {
    summary: 'Say who may have tokens, and for how long; whatever is not named is not asked for',
    details: ['Existing tokens are held to it, too: those that would stop working are counted first.'],
    where: 'client',
    flags: {
      creation: {
        value: 'who',
        choices: ['everyone', 'nobody'],
        summary: 'Who may have tokens: everyone (if absent) or nobody',
      },
      group: { value: 'name', many: true, names: 'group', summary: 'Only accounts in this group may have tokens' },
      'max-lifetime': { value: 'duration', summary: 'No value works for longer: 90d' },
      'require-expiry': { summary: 'Tokens that never expire do not work' },
      ...END_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: setTokenPolicy,
  },
  'organization create': {
    summary: `Make an organization (plan: ${DEFAULT_PLAN}), and print the token of its first admin, this once`,
    where: 'server',
    flags: {
      name: { value: 'name', required: true, summary: 'Its name' },
      plan: { value: 'plan', summary: 'community, commercial or enterprise' },
    },
    run: create,
  },
  'organization list': {
    summary: 'List the organizations, also beside a running server',
    where: 'server',
    columns: namesOf(ENTRY_COLUMNS),
    flags: OPERATOR_LIST_FLAGS,
    async run(input) {
      const { organizationList } = await import('@postern/server');
      await printList(each(await organizationList(input.settings)), ENTRY_COLUMNS, input);
    },
  },
  'organization set-plan': {
    summary:
      'Set the plan: community, commercial or enterprise. Community pauses service accounts, and deletes nothing',
    where: 'server',
    operands: [{ name: 'id' }, { name: 'plan' }],
    run: setPlan,
  },
};

async function setTokenPolicy(input: CommandInput): Promise<void> {
  const { creation = 'everyone', 'max-lifetime': lifetime } = input.flags;
  const groups = valuesOf(input, 'group');
  if (groups && input.flags['creation'] !== undefined) throw usageError('--group and --creation exclude each other.');
  const maxLifetimeDays = lifetime === undefined ? null : parseDuration(lifetime, 'max-lifetime') / DAY_SECONDS;
  if (maxLifetimeDays !== null && !Number.isInteger(maxLifetimeDays)) {
    throw usageError('--max-lifetime must be whole days: 90d.');
  }
  const { postern } = await connectToChange(input);
  // Over what is read here only: what somebody sets meanwhile is not lost unseen.
  const organization = await postern.organization.get();
  const groupIds = groups && (await Promise.all(groups.map((group) => findGroup(postern, group))));
  const tokenPolicy: TokenPolicy = {
    creation: groupIds ? { groupIds } : (creation as 'everyone' | 'nobody'),
    maxLifetimeDays,
    requireExpiry: isGiven(input, 'require-expiry'),
  };
  const { affected, usedInLast30Days } = await postern.organization.previewTokenPolicy(tokenPolicy);
  const lines = [
    'This changes the token policy:',
    `  ${affected} tokens that work now would stop working; used in the last 30 days: ${usedInLast30Days}`,
  ];
  if (!(await confirm(input, lines))) return;
  printItem(await postern.organization.update({ tokenPolicy }, { ifMatch: organization }), FACTS, input);
}

async function create({ settings, flags }: CommandInput): Promise<void> {
  const { organizationCreate } = await import('@postern/server');
  const { name = '', plan = DEFAULT_PLAN } = flags;
  const made = await organizationCreate(settings, { name, plan });
  await printOnce(
    [
      `Made the organization ${made.id}, on the plan ${made.plan}: ${made.name}`,
      '',
      'Here is a token of its admin; it is not shown again:',
      '',
      `  ${made.value}`,
      ...(made.paused ? ['', 'It works once the organization has a plan that includes service accounts.'] : []),
    ].join('\n'),
  );
}

async function setPlan({ settings, operands: [id = '', plan = ''] }: CommandInput): Promise<void> {
  const { organizationSetPlan } = await import('@postern/server');
  const set = await organizationSetPlan(settings, { id, plan });
  const effect = set.paused
    ? "Its service accounts' tokens are paused; nothing was deleted."
    : "Its service accounts' tokens work.";
  print(`${set.id} ${set.changed ? 'is now' : 'was already'} on the plan ${set.plan}. ${effect}`);
}
