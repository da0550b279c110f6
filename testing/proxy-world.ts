import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Agent, createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Postern } from '@postern/sdk';
import { type Postern as PosternProcess, startPostern } from './postern-process.ts';

/** What stands around a proxy: a Postern behind it, an upstream that remembers, and clients at addresses of their own. */

/** What reached the upstream. */
export interface Arrival {
  readonly method: string;
  readonly url: string;
  /** As they came: names in their own case, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface Upstream {
  readonly address: string;
  readonly arrivals: Arrival[];
  close(): void;
}

export interface World {
  readonly postern: PosternProcess;
  readonly upstream: Upstream;
  readonly admin: Postern;
  readonly organization: string;
  readonly keepersRole: string;
  /** Holds orders.read in the workspace. */
  readonly keeper: Issued;
  /** Valid, and holds nothing. */
  readonly guest: Issued;
  /** An admin elsewhere. */
  readonly outsider: string;
}

export interface Issued {
  readonly accountId: string;
  readonly tokenId: string;
  readonly value: string;
}

/** Clients and proxies are told apart by their addresses: all of 127.0.0.0/8 is this machine. */
const PROXY_ADDRESS = '127.0.0.1';
export const CLIENT_ADDRESS = '127.0.0.2';
export const OTHER_ADDRESS = '127.0.0.3';

export interface Asking {
  readonly method?: string;
  /** A token, sent as a bearer. */
  readonly value?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent?: Agent;
  readonly localAddress?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

export async function askAt(
  url: string,
  path: string,
  { method = 'GET', value, headers = {}, body, agent, localAddress = CLIENT_ADDRESS }: Asking = {},
): Promise<Answer> {
  const sent = httpRequest(`${url}${path}`, {
    method,
    localAddress,
    agent: agent ?? false,
    headers: {
      ...(value !== undefined && { authorization: `Bearer ${value}` }),
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  });
  sent.end(body);
  const [answer] = await once(sent, 'response');
  return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
}

export const names = (arrival: Arrival | undefined): string[] =>
  arrival?.headers.map(([name]) => name.toLowerCase()) ?? [];

/** Everything that an upstream could take for a header of ours, by its name as a CGI would read it; what comes twice is joined. */
export function principalHeaders(arrival: Arrival | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of arrival?.headers ?? []) {
    const read = name.toLowerCase().replaceAll('_', '-');
    if (read.startsWith('x-postern-') && value !== '') found[read] = read in found ? `${found[read]}, ${value}` : value;
  }
  return found;
}

async function startUpstream(): Promise<Upstream> {
  const arrivals: Arrival[] = [];
  const server: Server = createServer(async (incoming, response) => {
    const { method = '', url = '', rawHeaders } = incoming;
    const headers = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
    );
    arrivals.push({ method, url, headers, body: await text(incoming) });
    response.end('orders');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    arrivals,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function makeWorld(): Promise<World> {
  const env = { POSTERN_TRUSTED_PROXIES: PROXY_ADDRESS, POSTERN_FORWARD_AUTH_HEADER: 'X-Api-Key' };
  const first = await startPostern({ env });
  await first.stop();
  const outsider = await createOrganization(first);
  const postern = await first.restart();
  const admin = new Postern({ url: postern.url, token: postern.adminToken });
  const organization = (await admin.organization.get()).id;
  await admin.permissions.create({ name: 'orders.read', description: 'See orders' });
  const { id: keepersRole } = await admin.roles.create({ name: 'shopkeeper', permissions: ['orders.read'] });
  await admin.workspaces.create({ name: 'shop' });
  return {
    postern,
    upstream: await startUpstream(),
    admin,
    organization,
    keepersRole,
    keeper: await issue(admin, 'The keeper (ö)', keepersRole),
    guest: await issue(admin, 'A guest'),
    outsider,
  };
}

export async function issue(
  admin: Postern,
  displayName: string,
  role?: string,
  restrictions?: { readonly networks: string[] },
): Promise<Issued> {
  const account = await admin.serviceAccounts.create({ displayName, organizationRole: 'member' });
  if (role !== undefined) await admin.workspaces.members.set('shop', account.id, { role });
  const options = { name: 'it', ...(restrictions && { restrictions }) };
  const { token, value } = await admin.serviceAccounts.tokens.create(account.id, options);
  return { accountId: account.id, tokenId: token.id, value: value.reveal() };
}

/** What the operator does on the server's machine while the server does not run; resolves with the token of its admin. */
async function createOrganization({ env, data }: PosternProcess): Promise<string> {
  const bin = join(import.meta.dirname, '../packages/cli/bin/postern.js');
  const args = [bin, 'organization', 'create', '--name', 'Elsewhere'];
  const child = spawn(process.execPath, args, { env, cwd: data.directory, stdio: ['ignore', 'pipe', 'inherit'] });
  const printed = await text(child.stdout);
  const value = /pst_[0-9A-Za-z]{49}/.exec(printed)?.[0];
  if (value === undefined) throw new Error(`no token was printed: ${printed}`);
  return value;
}
