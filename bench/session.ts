import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateSecretKey } from '@postern/core';
import { createHttpClient, type HttpAnswer, type HttpClient } from '../testing/http-client.ts';
import {
  createPosternData,
  type LaunchOptions,
  type Postern,
  type PosternData,
  removePosternData,
  startPosternOn,
} from '../testing/postern-process.ts';
import type { BareAnswer } from './bare-server.ts';
import type { Route } from './request.ts';
import { routesFor, template } from './request.ts';
import { firstValues, seed, seededValue } from './seed.ts';

/** A database with so many tokens, and the servers that are measured on it. */
export interface Session {
  readonly size: number;
  readonly data: PosternData;
  readonly routes: readonly Route[];
  /** All values, shuffled, one a line. */
  readonly allFile: string;
  /** A thousand of them. */
  readonly fewFile: string;
  /** As many well-formed values that were never issued. */
  readonly unknownFile: string;
  /** The account that is written to meanwhile. */
  readonly accountId: string;
  /** A server on it, alone on its processor unless another runner is named. */
  start(options?: Pick<LaunchOptions, 'env' | 'nodeFlags' | 'runner'>): Promise<Postern>;
  remove(): Promise<void>;
}

export interface SessionOptions {
  readonly size: number;
  readonly databaseUrl: string | undefined;
  readonly serverRunner: readonly string[];
  /** Absent = as `seed` has it. */
  readonly tokensPerAccount?: number;
}

/** So many tokens are called at a time, unless calls go to all of them. */
export const FEW_VALUES = 1_000;
const UNKNOWN_VALUES = 20_000;

export async function openSession({ size, databaseUrl, serverRunner, ...accounts }: SessionOptions): Promise<Session> {
  const data = await createPosternData(databaseUrl);
  const secretKey = data.secretKey ?? generateSecretKey('bench', randomBytes);
  // Its log goes where nobody reads it, but it is written.
  const start: Session['start'] = (options = {}) =>
    startPosternOn(data, {
      ...{ runner: serverRunner, logFile: '/dev/null', ...options },
      env: { POSTERN_SECRET_KEY: secretKey, ...options.env },
    });
  try {
    const first = await start();
    const client = createHttpClient(first.url, data.adminToken);
    const me = succeed(await client.call('GET', '/api/v1/me'));
    const verifier = await createToken(client, 'verifier');
    const writer = await createToken(client, 'member');
    client.close();
    await first.stop();
    const all = await seed(data, { organizationId: me.organization.id, secretKey, count: size, ...accounts });
    const unknown = Array.from({ length: UNKNOWN_VALUES }, (_, at) => `${seededValue(-1 - at)}\n`);
    const keep = async (name: string, values: Buffer | string): Promise<string> => {
      const path = join(data.directory, name);
      await writeFile(path, values, { mode: 0o600 });
      return path;
    };
    return {
      size,
      data,
      routes: routesFor(verifier.value, me.organization.id),
      allFile: await keep('all', all),
      fewFile: await keep('few', firstValues(all, FEW_VALUES)),
      unknownFile: await keep('unknown', unknown.join('')),
      accountId: writer.token.accountId,
      start,
      remove: () => removePosternData(data),
    };
  } catch (error) {
    await removePosternData(data);
    throw error;
  }
}

async function createToken(client: HttpClient, organizationRole: 'verifier' | 'member') {
  const body = { displayName: `bench ${organizationRole}`, organizationRole };
  const account = succeed(await client.call('POST', '/api/v1/service-accounts', { body }));
  return succeed(
    await client.call('POST', `/api/v1/service-accounts/${account.id}/tokens`, { body: { name: 'bench' } }),
  );
}

function succeed({ status, body }: HttpAnswer) {
  if (status >= 400) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

export interface BareServer {
  readonly url: string;
  readonly pid: number;
  stop(): void;
}

/** A bare server that answers what this Postern answers. Throws when Postern does not find the tokens valid. */
export async function startBareServer(
  session: Session,
  postern: Postern,
  runner: readonly string[],
): Promise<BareServer> {
  const answers = await Promise.all(session.routes.map((route) => sampleAnswer(route, postern.url)));
  const file = fileURLToPath(new URL('bare-server.ts', import.meta.url));
  const [program = '', ...args] = [...runner, process.execPath, file];
  const env = { PATH: process.env['PATH'], BENCH_ANSWERS: JSON.stringify(answers) };
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { url: String(line).trim(), pid: child.pid ?? 0, stop: () => child.stdin.end() };
}

async function sampleAnswer(route: Route, url: string): Promise<BareAnswer> {
  const [before, after] = template(route, new URL(url).host, seededValue(0).length);
  const text = before + seededValue(0) + after;
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const headers = Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(': ')),
  );
  const answer = await fetch(url + route.path, {
    method: route.method,
    headers: pick(headers, ['Authorization', 'Content-Type']),
    ...(body !== '' && { body }),
  });
  const sentText = await answer.text();
  const content = sentText === '' ? undefined : (JSON.parse(sentText) as { readonly active?: boolean });
  if (answer.status !== 200 || content?.active === false)
    throw new Error(`${route.path} does not find seeded tokens valid`);
  const sent = Object.fromEntries(answer.headers);
  const names = Object.keys(sent).filter((name) => OWN_HEADERS.test(name));
  return { path: route.path, headers: pick(sent, names), body: content };
}

/** What Node writes by itself, it writes for the bare server, too. */
const OWN_HEADERS = /^(?:x-request-id|cache-control|content-type|x-postern-.*)$/;

function pick(from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}
