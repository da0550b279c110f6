import { inDays, Postern } from '@postern/sdk';
import type { Postern as Process } from '../../testing/postern-process.ts';

export interface Seeded {
  readonly accountId: string;
  readonly groupId: string;
  readonly workspaceId: string;
}

/** A small organization that has something of everything. */
export async function seed({ url, adminToken }: Process): Promise<Seeded> {
  const postern = new Postern({ url, token: adminToken });
  const account = await postern.serviceAccounts.create({
    displayName: 'nightly-import',
    description: 'Imports the orders of the day at 02:00',
    organizationRole: 'member',
  });
  const { tokens } = postern.serviceAccounts;
  const ci = await tokens.create(account.id, {
    name: 'ci',
    description: 'GitHub Actions, repository imports',
    expiresAt: inDays(9),
  });
  await tokens.create(account.id, { name: 'laptop', description: 'For trying things out' });
  const rotated = await tokens.create(account.id, { name: 'jenkins', expiresAt: inDays(90) });
  await tokens.refresh(account.id, rotated.token.id, { overlapSeconds: 86_400 });
  const old = new Postern({ url, token: rotated.value.reveal(), warn: () => undefined });
  for (let call = 0; call < 5; call += 1) {
    await new Postern({ url, token: ci.value.reveal() }).me({ headers: { 'user-agent': 'curl/8.5.0' } });
    await old.me({ headers: { 'user-agent': 'Jenkins/2.462' } });
  }
  for (const displayName of ['deploy-production', 'vendor-export', 'مزامنة الطلبات', '<img src=x onerror=alert(1)>']) {
    await postern.serviceAccounts.create({ displayName, organizationRole: 'member' });
  }
  const long =
    'A service account whose name somebody wrote as if it were a sentence, which then went on and on until it had said everything';
  const { id } = await postern.serviceAccounts.create({ displayName: long, organizationRole: 'verifier' });
  await postern.serviceAccounts.disable(id);
  await postern.permissions.create({ name: 'orders.read', description: 'Read orders' });
  const role = await postern.roles.create({ name: 'Order reader', permissions: ['orders.read', 'workspace.read'] });
  const group = await postern.groups.create({ name: 'importers', description: 'Whatever imports' });
  await postern.groups.members.set(group.id, account.id, { role: 'member' });
  const workspace = await postern.workspaces.create({ name: 'production' });
  await postern.workspaces.groups.set(workspace.id, group.id, { role: role.id });
  await postern.workspaces.members.set(workspace.id, account.id, { role: 'viewer' });
  await postern.members.invite({ emails: ['grace@example.com', 'linus@example.com'] });
  return { accountId: account.id, groupId: group.id, workspaceId: workspace.id };
}
