/** Who and what there is in the organization of the demo. */

export const ADMIN = { name: 'Ada Lovelace', email: 'ada@harbour.example', password: 'open the small door' };

export const GROUPS = [
  'importers',
  'deployers',
  'billing',
  'warehouse',
  'analytics',
  'support',
  'partners',
  'platform',
];

export const WORKSPACES = [
  'production',
  'staging',
  'sandbox',
  'warehouse-east',
  'warehouse-west',
  'billing',
  'analytics',
  'partners',
  'support',
  'mobile',
  'website',
  'archive',
];

const FIRST = [
  'Grace',
  'Linus',
  'Margaret',
  'Dennis',
  'Barbara',
  'Ken',
  'Radia',
  'Edsger',
  'Frances',
  'Donald',
  'Karen',
  'Tony',
];
const LAST = [
  'Hopper',
  'Berg',
  'Hamilton',
  'Okafor',
  'Liskov',
  'Tanaka',
  'Perlman',
  'Novak',
  'Allen',
  'Costa',
  'Jones',
  'Moreau',
];

/** Besides the admin, twenty-four. */
export const PEOPLE = Array.from({ length: 24 }, (_, index) => {
  const first = FIRST[index % FIRST.length] ?? '';
  const last = LAST[(index * 5 + Math.floor(index / FIRST.length)) % LAST.length] ?? '';
  return { name: `${first} ${last}`, email: `${first}.${last}.${index}@harbour.example`.toLowerCase() };
});

interface DemoAccount {
  readonly name: string;
  readonly description: string;
  /** What calls with its token. */
  readonly agent: string;
}

const FAMILIES: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'deploy',
    'Deploys the %s service',
    'GitHub-Actions/2.3',
    ['checkout', 'catalog', 'search', 'website', 'mobile', 'billing', 'routing'],
  ],
  [
    'import',
    'Imports from %s every night',
    'python-requests/2.32',
    ['customs', 'carriers', 'suppliers', 'weather', 'prices', 'ports'],
  ],
  [
    'export',
    'Sends what %s needs',
    'Go-http-client/2.0',
    ['auditors', 'insurers', 'tax-office', 'warehouse', 'partners', 'statistics'],
  ],
  ['monitor', 'Looks after %s', 'curl/8.11', ['queues', 'databases', 'disks', 'certificates', 'latency', 'backups']],
  [
    'report',
    'Writes the report of %s',
    'Java-http-client/21',
    ['sales', 'returns', 'delays', 'stock', 'claims', 'costs'],
  ],
];

/** Thirty-nine, and the one that the organization began with. */
export const ACCOUNTS: readonly DemoAccount[] = [
  { name: 'nightly-import', description: 'Imports the orders of the day at 02:00', agent: 'nightly-import/1.4' },
  { name: 'jenkins', description: 'Builds and deploys from the old build server', agent: 'Jenkins/2.462' },
  { name: 'vendor-export', description: 'Gives the vendor their orders', agent: 'vendor-export/3.0' },
  { name: 'orders-api', description: 'The orders API: verifies the tokens of its callers', agent: 'postern-sdk/0.1.0' },
  { name: 'invoice-mailer', description: 'Mails invoices', agent: 'node' },
  { name: 'label-printer', description: 'Prints labels in the warehouse', agent: 'python-requests/2.32' },
  { name: 'warehouse-robots', description: 'Moves pallets', agent: 'robots/7' },
  { name: 'legacy-sync', description: 'Kept the old system in step', agent: 'perl/5' },
  ...FAMILIES.flatMap(([kind, description, agent, things]) =>
    things.map((thing) => ({ name: `${kind}-${thing}`, description: description.replace('%s', thing), agent })),
  ),
];

/** Where an agent calls from: each from a network of its own. */
export function addressOf(agent: string): string {
  let sum = 0;
  for (const letter of agent) sum = (sum * 31 + letter.charCodeAt(0)) % 60_000;
  return `10.${2 + (sum % 6)}.${Math.floor(sum / 250) % 250}.${1 + (sum % 250)}`;
}
