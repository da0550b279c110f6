import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import express from 'express';
import fastify from 'fastify';
import { type Context, Hono } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InvalidRequest } from './error.ts';
import * as onExpress from './express.ts';
import * as onFastify from './fastify.ts';
import * as onHono from './hono.ts';
import type { ProtectOptions, Requirement } from './protect.ts';
import { type FakeVerifier, fakeVerifier } from './testing.ts';
import type { AllowedAnswer, Verifier, VerifierQuestion } from './verifier.ts';
import { withPostern } from './web.ts';

type Options = Pick<ProtectOptions<unknown>, 'workspace' | 'realm'>;
/** Starts an app with `GET /orders` behind the requirement, which answers with who called; gives its address. */
type Start = (verifier: Verifier, requirement: Requirement, options?: Options) => Promise<string>;

const nameOf = (caller: AllowedAnswer | null | undefined) => caller?.principal.displayName;

const FRAMEWORKS: Readonly<Record<string, Start>> = {
  async express(verifier, requirement, options) {
    const app = express().set('trust proxy', true);
    app.get('/orders', onExpress.protect(verifier, requirement, options), (request, response) => {
      response.json({ name: nameOf(request.postern) });
    });
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  },

  async fastify(verifier, requirement, options) {
    const app = fastify({ trustProxy: true });
    await app.register(onFastify.posternPlugin, { verifier });
    const { protect } = app as unknown as onFastify.PosternApp;
    app.get('/orders', { preHandler: protect(requirement, options) }, async (request) => ({
      name: nameOf((request as unknown as onFastify.PosternRequest).postern),
    }));
    onTestFinished(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  },

  async hono(verifier, requirement, options) {
    const app = new Hono<{ Variables: onHono.PosternVariables }>();
    const clientAddress = (context: Context) =>
      context.req.header('x-forwarded-for') ?? getConnInfo(context).remote.address;
    app.use('/orders', onHono.protect(verifier, requirement, { ...options, clientAddress }));
    app.get('/orders', (context) => context.json({ name: nameOf(context.var.postern) }));
    return listen(app.fetch);
  },

  async web(verifier, requirement, options) {
    const handler = (_request: Request, caller: AllowedAnswer) => Response.json({ name: nameOf(caller) });
    return listen(
      withPostern(verifier, requirement, handler, {
        ...options,
        clientAddress: (request) => request.headers.get('x-forwarded-for') ?? undefined,
      }),
    );
  },
};

async function listen(fetch: (request: Request, ...rest: never[]) => Response | Promise<Response>): Promise<string> {
  return new Promise((resolve) => {
    const server = serve({ fetch: fetch as (request: Request) => Response, hostname: '127.0.0.1', port: 0 }, (info) =>
      resolve(`http://127.0.0.1:${info.port}`),
    );
    onTestFinished(() => void server.close());
  });
}

describe.each(Object.entries(FRAMEWORKS))('protect on %s', (_name, start) => {
  const fake = (): FakeVerifier =>
    fakeVerifier({
      reader: { permissions: ['orders.read'], workspaces: ['shop'], displayName: 'Reader' },
      nobody: { permissions: [] },
    });

  /** Refuses a question as Postern does, with 400. */
  function refusing(verifier: FakeVerifier, isWrong: (question: VerifierQuestion) => boolean): FakeVerifier {
    const { verify } = verifier;
    verifier.verify = async (value, question = {}) => {
      if (isWrong(question)) throw new InvalidRequest({ code: 'request.invalid', status: 400, title: 'no' });
      return verify(value, question);
    };
    return verifier;
  }

  async function ask(url: string, headers: Record<string, string>) {
    const answer = await fetch(`${url}/orders`, { headers });
    const { headers: answered, status } = answer;
    return {
      status,
      body: (await answer.json()) as Record<string, unknown>,
      challenge: answered.get('www-authenticate'),
      type: answered.get('content-type')?.split(';')[0],
      retryAfter: answered.get('retry-after'),
    };
  }

  test('lets pass whoever holds the permission, and says who that is', async () => {
    const url = await start(fake(), 'orders.read', { workspace: 'shop' });
    expect(await ask(url, { authorization: 'Bearer reader' })).toMatchObject({ status: 200, body: { name: 'Reader' } });
    expect(await ask(url, { authorization: 'bearer reader' })).toMatchObject({ status: 200 });
  });

  test('401 without a token, and for one that is not valid', async () => {
    const url = await start(fake(), 'orders.read', { realm: 'orders' });
    expect(await ask(url, {})).toMatchObject({
      status: 401,
      type: 'application/problem+json',
      challenge: 'Bearer realm="orders"',
      body: { status: 401, code: 'credentials.missing' },
    });
    expect(await ask(url, { authorization: 'Basic cmVhZGVyOg==' })).toMatchObject({ status: 401 });
    expect(await ask(url, { authorization: 'Bearer stranger' })).toMatchObject({
      status: 401,
      challenge: 'Bearer realm="orders", error="invalid_token"',
      body: { code: 'token.invalid' },
    });
  });

  test('403 without the permission, there', async () => {
    const url = await start(fake(), 'orders.read', { workspace: 'shop' });
    expect(await ask(url, { authorization: 'Bearer nobody' })).toMatchObject({
      status: 403,
      type: 'application/problem+json',
      challenge: 'Bearer realm="api", error="insufficient_scope", scope="orders.read"',
      body: { code: 'permission.missing', permission: 'orders.read' },
    });
    const elsewhere = await start(fake(), 'orders.read', { workspace: 'attic' });
    expect(await ask(elsewhere, { authorization: 'Bearer reader' })).toMatchObject({ status: 403 });
  });

  test.each<[string, unknown]>([
    ['none', undefined],
    ['an empty one', ''],
    ['one longer than any', 'x'.repeat(201)],
    ['several', ['shop']],
  ])('403 where the request names %s as workspace', async (_what, named) => {
    const verifier = refusing(fake(), ({ workspace }) => workspace !== 'shop');
    const url = await start(verifier, 'orders.read', { workspace: () => named as string });
    expect(await ask(url, { authorization: 'Bearer reader' })).toMatchObject({ status: 403 });
  });

  test('asks without an address, where there is none in what says so', async () => {
    const verifier = refusing(fake(), ({ clientAddress }) => clientAddress !== undefined);
    const url = await start(verifier, 'orders.read', { workspace: 'shop' });
    const headers = { authorization: 'Bearer reader', 'x-forwarded-for': 'unknown' };
    expect(await ask(url, headers)).toMatchObject({ status: 200 });
  });

  test('503 when it cannot be found out', async () => {
    const verifier = fake();
    const url = await start(verifier, 'orders.read', { workspace: 'shop' });
    verifier.unavailable = true;
    expect(await ask(url, { authorization: 'Bearer reader' })).toMatchObject({
      status: 503,
      retryAfter: '1',
      challenge: null,
      body: { code: 'verifier.unavailable' },
    });
  });

  test('any valid token, where that is said', async () => {
    const url = await start(fake(), { authenticated: true });
    expect(await ask(url, { authorization: 'Bearer nobody' })).toMatchObject({ status: 200 });
    expect(await ask(url, { authorization: 'Bearer stranger' })).toMatchObject({ status: 401 });
  });

  test('asks with the address that the framework trusts, and what calls', async () => {
    const questions: (VerifierQuestion | undefined)[] = [];
    const verifier = fake();
    const { verify } = verifier;
    verifier.verify = (value, question) => {
      questions.push(question);
      return verify(value, question);
    };
    const url = await start(verifier, 'orders.read', { workspace: 'shop' });
    await ask(url, { authorization: 'Bearer reader', 'x-forwarded-for': '203.0.113.7', 'user-agent': 'ci/1' });
    expect(questions).toEqual([
      { permission: 'orders.read', workspace: 'shop', clientAddress: '203.0.113.7', userAgent: 'ci/1' },
    ]);
  });

  test('a question that is wrong is the API’s own mistake: 500', async () => {
    const verifier = fake();
    verifier.verify = async () => {
      throw new InvalidRequest({ code: 'request.invalid', status: 400, title: 'no' });
    };
    const url = await start(verifier, 'orders.read');
    expect((await fetch(`${url}/orders`, { headers: { authorization: 'Bearer reader' } })).status).toBe(500);
  });
});

describe('protect on Express', () => {
  /** Asks as Express would, and tells what was written and what went to the error handler. */
  async function refuse({ headersSent }: { readonly headersSent: boolean }) {
    const verifier = fakeVerifier();
    verifier.unavailable = true;
    const written: unknown[] = [];
    const failures: unknown[] = [];
    const write = (what: unknown): void => {
      written.push(what);
      throw new Error('ERR_HTTP_HEADERS_SENT');
    };
    onExpress.protect(verifier, 'orders.read')(
      { headers: { authorization: 'Bearer reader' } },
      { headersSent, status: write, set: write, end: write },
      (error) => failures.push(error),
    );
    await new Promise((resolve) => setImmediate(resolve));
    return { written, failures };
  }

  test('leaves a request alone that somebody else has answered meanwhile', async () => {
    expect(await refuse({ headersSent: true })).toEqual({ written: [], failures: [] });
  });

  test('gives the error handler what fails while it refuses, and the process goes on', async () => {
    expect(await refuse({ headersSent: false })).toEqual({
      written: [503],
      failures: [new Error('ERR_HTTP_HEADERS_SENT')],
    });
  });
});

test('a requirement that is none does not compile, and does not start', () => {
  const verifier = fakeVerifier();
  const slips = [
    // @ts-expect-error: without a permission
    () => onExpress.protect(verifier),
    // @ts-expect-error: without a permission
    () => onFastify.protect(verifier),
    // @ts-expect-error: without a permission
    () => onHono.protect(verifier),
    // @ts-expect-error: without a permission
    () => withPostern(verifier, () => new Response()),
    // @ts-expect-error: only `true` says it
    () => onExpress.protect(verifier, { authenticated: false }),
    () => onExpress.protect(verifier, 'everything'),
    () => onExpress.protect(verifier, ''),
  ];
  for (const slip of slips) expect(slip).toThrow(TypeError);
  expect(onExpress.protect(verifier, { authenticated: true })).toBeTypeOf('function');
});
