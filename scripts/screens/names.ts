import { inDays, Postern } from '@postern/sdk';
import type { Postern as Process } from '../../testing/postern-process.ts';
import type { Seeded } from './seed.ts';

const LONG =
  'A name that somebody wrote as if it were a sentence, which then went on and on until it had said everything that there was to say';
const UNBROKEN = 'nightly-import-of-the-orders-of-all-warehouses-in-the-northern-region-without-a-single-space';
const RIGHT_TO_LEFT = 'مزامنة الطلبات من جميع المستودعات في المنطقة الشمالية';

/** An organization whose names are as awkward as names can be: long, unbroken, written from right to left. */
export async function seedNames({ url, adminToken }: Process): Promise<Seeded> {
  const postern = new Postern({ url, token: adminToken });
  await postern.organization.update({ name: `${RIGHT_TO_LEFT} (${LONG})` });
  const [account] = await Promise.all(
    [LONG, UNBROKEN, RIGHT_TO_LEFT].map((displayName) =>
      postern.serviceAccounts.create({ displayName, description: LONG, organizationRole: 'member' }),
    ),
  );
  const accountId = account?.id ?? '';
  const [first] = await Promise.all(
    [LONG, UNBROKEN, RIGHT_TO_LEFT].map((name) =>
      postern.serviceAccounts.tokens.create(accountId, { name, description: LONG, expiresAt: inDays(9) }),
    ),
  );
  await postern.serviceAccounts.tokens.refresh(accountId, first?.token.id ?? '', { overlapSeconds: 86_400 });
  await postern.permissions.create({ name: `${'orders'.repeat(10)}.read`, description: LONG });
  const role = await postern.roles.create({ name: LONG, permissions: ['workspace.read'] });
  const group = await postern.groups.create({ name: UNBROKEN, description: RIGHT_TO_LEFT });
  await postern.groups.create({ name: RIGHT_TO_LEFT, description: LONG });
  await postern.groups.members.set(group.id, accountId, { role: 'manager' });
  const workspace = await postern.workspaces.create({ name: UNBROKEN, displayName: RIGHT_TO_LEFT, description: LONG });
  await postern.workspaces.groups.set(workspace.id, group.id, { role: role.id });
  await postern.workspaces.members.set(workspace.id, accountId, { role: 'viewer' });
  await postern.members.invite({ emails: [`${'grace.hopper.'.repeat(4)}x@a-domain-that-is-rather-long.example.com`] });
  return { accountId, groupId: group.id, workspaceId: workspace.id };
}
