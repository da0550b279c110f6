import { setTimeout as wait } from 'node:timers/promises';
import { inDays, Postern, type Receipt } from '@postern/sdk';
import type { Programs } from './program.ts';
import { call, createSteps, fact, say, title } from './terminal.ts';

/** The life of a service account. Token values are never printed, only their hints. */
export async function tellStory(programs: Programs, directory: string): Promise<void> {
  const step = createSteps();
  title('Postern: the life of a service account');
  const adminToken = await programs.generateToken();
  const url = await programs.startPostern(directory, adminToken);
  say(`Postern is listening on ${url}, on a directory that is gone afterwards.`);
  const postern = new Postern({ url, token: adminToken });
  const { serviceAccounts } = postern;
  const { tokens } = serviceAccounts;

  step('An API that Postern protects');
  say('Its account has the role verifier: it may ask whose a token is, and nothing else.');
  const api = await serviceAccounts.create({ displayName: 'orders-api', organizationRole: 'verifier' });
  fact('account orders-api', `role ${api.organizationRole}`);
  const apiToken = await tokens.create(api.id, { name: 'production' });
  fact('its token production', `…${apiToken.token.hint}, ${expiry(apiToken.token.expiresAt)}`);
  const ordersUrl = await programs.startOrdersApi(url, apiToken.value.reveal());
  const pipeline = async (name: string, token: string) =>
    call(name, await programs.runPipeline(name, ordersUrl, token));

  step('A service account for a pipeline, and a token for it');
  say('The value is answered once. Two places get it: Jenkins, and a cron job.');
  const { id } = await serviceAccounts.create({ displayName: 'nightly-import', organizationRole: 'member' });
  fact('account nightly-import', 'role member');
  const first = await tokens.create(id, { name: 'ci', expiresAt: inDays(90) });
  fact('its token ci', `…${first.token.hint}, ${expiry(first.token.expiresAt)}`);
  await pipeline('jenkins', first.value.reveal());
  await pipeline('old-cron', first.value.reveal());
  await pipeline('a stranger', await programs.generateToken());

  step('The token is refreshed, and for an hour its old value still works');
  const second = await tokens.refresh(id, first.token.id, { overlapSeconds: 3_600 });
  fact(
    'token ci',
    `…${second.token.hint}, and …${first.token.hint} until ${timeOf(second.token.previous?.validUntil)}`,
  );
  say('Jenkins is given the new value. The cron job is forgotten.');
  await pipeline('jenkins', second.value.reveal());
  await pipeline('old-cron', first.value.reveal());

  step('Who still uses the old value?');
  say('Postern notes use beside the path of a call and writes it down every few seconds: one moment.');
  await useIsComplete(postern, id, first.token.id);
  for await (const caller of tokens.callers(id, first.token.id, { generation: 'previous' })) {
    const still = caller.lastAt > (second.token.refreshedAt ?? '');
    fact(
      caller.userAgent ?? 'not told',
      `${count(caller.calls, 'call')}, the last ${still ? 'after' : 'before'} the refresh`,
    );
  }

  step('The overlap is ended: the old value dies now');
  const ended = await tokens.endOverlap(id, first.token.id);
  fact(`old value …${first.token.hint}`, inForce(ended.receipt));
  await pipeline('jenkins', second.value.reveal());
  await pipeline('old-cron', first.value.reveal());

  step('The account is disabled: its tokens are deleted for good');
  const disabled = await serviceAccounts.disable(id);
  fact(
    'account nightly-import',
    `${disabled.status}, ${count(disabled.tokenCount, 'token')}, ${inForce(disabled.receipt)}`,
  );
  await pipeline('jenkins', second.value.reveal());

  step('It is enabled again: no token comes back');
  const enabled = await serviceAccounts.enable(id);
  fact('account nightly-import', `${enabled.status}, ${count(enabled.tokenCount, 'token')}`);
  await pipeline('jenkins', second.value.reveal());
  const third = await tokens.create(id, { name: 'ci', expiresAt: inDays(90) });
  fact('a new token ci', `…${third.token.hint}, ${expiry(third.token.expiresAt)}`);
  await pipeline('jenkins', third.value.reveal());

  step('The account is deleted');
  const { receipt } = await serviceAccounts.delete(id);
  fact('account nightly-import', `gone, ${inForce(receipt)}`);
  await pipeline('jenkins', third.value.reveal());

  step('What the audit log keeps of it');
  const events = await postern.audit.list({ limit: 100 }).toArray({ max: 100 });
  const about = new Set([id, first.token.id, third.token.id]);
  for (const { at, action, actor, target } of events.reverse()) {
    if (target && about.has(target.id)) fact(`${timeOf(at)}  ${action}`, `by ${actor.displayName}`);
  }
}

/** Waits until all use up to now is written down; Postern names the time up to which it is. */
async function useIsComplete(postern: Postern, accountId: string, tokenId: string): Promise<void> {
  const now = new Date().toISOString();
  while ((await postern.serviceAccounts.tokens.get(accountId, tokenId)).usageCompleteUntil < now) await wait(100);
}

function inForce(receipt: Receipt | null): string {
  if (!receipt) return 'in force';
  return `in force on ${receipt.confirmed} of ${count(receipt.confirmed + receipt.expired, 'process', 'processes')}`;
}

function expiry(expiresAt: string | null): string {
  return expiresAt === null ? 'never expires' : `expires ${expiresAt.slice(0, 10)}`;
}

function timeOf(at: string | undefined): string {
  return at ? new Date(at).toTimeString().slice(0, 8) : 'never';
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
