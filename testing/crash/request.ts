import type { CallOptions, HttpAnswer, HttpClient } from '../http-client.ts';
import type { Answer, Entry, Intent } from './journal.ts';

/** The journal's entries as HTTP. */

/** Sends the entry's request and notes the answer; an answer that never came stays unnoted. */
export async function perform(client: HttpClient, entry: Entry): Promise<void> {
  const { method, path, body, token } = toRequest(entry.intent);
  const headers: Record<string, string> = { 'user-agent': entry.mark };
  if (entry.idempotencyKey !== null) headers['idempotency-key'] = entry.idempotencyKey;
  const options: CallOptions = { body, headers, ...(token !== undefined && { token }) };
  try {
    entry.answer = toAnswer(await client.call(method, path, options));
  } catch {
    // The connection broke: what became of it is for the check to find out.
  }
  entry.endedAt = Date.now();
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly token?: string | null;
}

function toRequest(intent: Intent): Request {
  const accounts = '/api/v1/service-accounts';
  if (intent.kind === 'account.create') {
    return { method: 'POST', path: accounts, body: { displayName: intent.name, organizationRole: 'member' } };
  }
  const account = `${accounts}/${intent.accountId}`;
  switch (intent.kind) {
    case 'account.rename':
      return { method: 'PATCH', path: account, body: { displayName: intent.name } };
    case 'account.disable':
      return { method: 'POST', path: `${account}/disable` };
    case 'account.enable':
      return { method: 'POST', path: `${account}/enable` };
    case 'account.delete':
      return { method: 'DELETE', path: account };
    case 'token.create':
      return {
        method: 'POST',
        path: `${account}/tokens`,
        body: { name: intent.name, expiresAt: toTime(intent.expiresAt) },
      };
    case 'tokens.delete':
      return { method: 'DELETE', path: `${account}/tokens` };
    case 'tokens.revoke':
      return { method: 'POST', path: '/api/v1/tokens/revoke', body: { accountId: intent.accountId } };
    case 'token.give_up':
      return intent.route === 'me'
        ? { method: 'DELETE', path: '/api/v1/me/token', token: intent.value }
        : { method: 'POST', path: '/oauth2/revoke', body: new URLSearchParams({ token: intent.value }), token: null };
  }
  const token = `${account}/tokens/${intent.tokenId}`;
  switch (intent.kind) {
    case 'token.refresh': {
      const body = { expiresAt: toTime(intent.expiresAt), overlapSeconds: intent.overlapSeconds };
      return { method: 'POST', path: `${token}/refresh`, body };
    }
    case 'token.rename':
      return { method: 'PATCH', path: token, body: { name: intent.name } };
    case 'token.end_overlap':
      return { method: 'POST', path: `${token}/end-overlap` };
    case 'token.delete':
      return { method: 'DELETE', path: token };
  }
}

function toTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function toAnswer({ status, headers, body, requestId }: HttpAnswer): Answer {
  const receipt = /position=(\d+)/.exec(String(headers['postern-receipt'] ?? ''))?.[1];
  return {
    at: Date.now(),
    status,
    code: status < 400 ? null : (body?.code ?? body?.error ?? null),
    requestId,
    position: receipt === undefined ? null : Number(receipt),
    accountId: body?.token?.accountId ?? (String(body?.id).startsWith('sa_') ? body.id : null),
    tokenId: body?.token?.id ?? null,
    value: body?.value ?? null,
  };
}
