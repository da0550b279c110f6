import { type OrganizationEntry, organizationCreate, organizationList, organizationSetPlan } from '@postern/server';
import { type Command, type CommandInput, print } from './command.ts';

const DEFAULT_PLAN = 'enterprise';
const HEADINGS = ['id', 'name', 'plan', 'accounts', 'created'] as const;
const GAP = '  ';

/** The operator's commands about organizations. */
export const ORGANIZATION_COMMANDS: Readonly<Record<string, Command>> = {
  'organization create': {
    summary: `Make an organization (plan: ${DEFAULT_PLAN}), and print the token of its first admin, this once`,
    settings: true,
    flags: { name: { value: 'name', required: true }, plan: { value: 'plan' } },
    run: create,
  },
  'organization list': {
    summary: 'List the organizations, also beside a running server',
    settings: true,
    flags: { json: {} },
    run: list,
  },
  'organization set-plan': {
    summary:
      'Set the plan: community, commercial or enterprise. Community pauses service accounts, and deletes nothing',
    settings: true,
    operands: ['id', 'plan'],
    run: setPlan,
  },
};

async function create({ settings, flags }: CommandInput): Promise<void> {
  const { name = '', plan = DEFAULT_PLAN } = flags;
  const made = await organizationCreate(settings, { name, plan });
  print(
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

async function list({ settings, flags }: CommandInput): Promise<void> {
  const organizations = await organizationList(settings);
  print(flags['json'] === undefined ? toTable(organizations) : JSON.stringify(organizations, null, 2));
}

async function setPlan({ settings, operands: [id = '', plan = ''] }: CommandInput): Promise<void> {
  const set = await organizationSetPlan(settings, { id, plan });
  const effect = set.paused
    ? "Its service accounts' tokens are paused; nothing was deleted."
    : "Its service accounts' tokens work.";
  print(`${set.id} ${set.changed ? 'is now' : 'was already'} on the plan ${set.plan}. ${effect}`);
}

function toTable(organizations: readonly OrganizationEntry[]): string {
  const rows = [
    HEADINGS,
    ...organizations.map(({ id, name, plan, accounts, createdAt }) => [id, name, plan, String(accounts), createdAt]),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}
