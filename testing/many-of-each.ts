import type { Postern } from '@postern/sdk';

/** How many are on their way to the server at once. */
const AT_ONCE = 8;
/** How many people one call invites. */
const INVITED_AT_ONCE = 50;
/** Every so many have a description, so that rows differ in height. */
const DESCRIBED_EVERY = 3;

/** Where the long lists are that belong to one thing. */
export interface ManyOfEach {
  /** A service account with that many tokens. */
  readonly account: string;
  /** A group and a workspace with that many members. */
  readonly group: string;
  readonly workspace: string;
}

/** `group-007`: by name they come in the order of their numbers, counted from 1. */
export function nameOf(noun: string, number: number): string {
  return `${noun}-${String(number).padStart(3, '0')}`;
}

/**
 * Makes every list long, through the API: that many groups, workspaces, invited people and service accounts, tokens of the
 * first account, and members of the first group and the first workspace. The audit log is longer than any of them.
 */
export async function addManyOfEach(postern: Postern, count: number): Promise<ManyOfEach> {
  const { serviceAccounts, groups, workspaces, members } = postern;
  const described = (noun: string, number: number) =>
    number % DESCRIBED_EVERY === 0 ? { description: `What ${nameOf(noun, number)} is for` } : {};
  const each = <Made>(make: (number: number) => Promise<Made>) => inTurn(count, make);
  const accounts = await each((number) =>
    serviceAccounts.create({
      displayName: nameOf('account', number),
      organizationRole: 'member',
      ...described('account', number),
    }),
  );
  const [group] = await each((number) =>
    groups.create({ name: nameOf('group', number), ...described('group', number) }),
  );
  const [workspace] = await each((number) =>
    workspaces.create({ name: nameOf('workspace', number), ...described('workspace', number) }),
  );
  const [account] = accounts;
  if (!account || !group || !workspace) throw new RangeError('count must be 1 or more');
  await each((number) =>
    serviceAccounts.tokens.create(account.id, { name: nameOf('token', number), ...described('token', number) }),
  );
  await each((number) => groups.members.set(group.id, accounts[number - 1]?.id ?? '', { role: 'member' }));
  await each((number) => workspaces.members.set(workspace.id, accounts[number - 1]?.id ?? '', { role: 'member' }));
  for (let from = 0; from < count; from += INVITED_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(INVITED_AT_ONCE, count - from) }, (_, index) => from + index + 1);
    await members.invite({ emails: numbers.map((number) => `${nameOf('person', number)}@example.com`) });
  }
  return { account: account.id, group: group.id, workspace: workspace.id };
}

/** What is made of the numbers from 1 to `count`, some at a time. */
async function inTurn<Made>(count: number, make: (number: number) => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  let next = 1;
  async function go(): Promise<void> {
    while (next <= count) {
      const number = next;
      next += 1;
      made[number - 1] = await make(number);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, go));
  return made;
}
