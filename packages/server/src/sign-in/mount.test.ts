import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { engines } from '../../../storage/test/engines.ts';
import { EMAIL, openPeople, PASSWORD, PUBLIC_URL } from '../../test/people.ts';
import { readJson } from '../content.ts';
import { toDomainError, toProblem } from '../problem.ts';
import { SIGN_IN_PATH } from './address.ts';
import { mountSignIn } from './mount.ts';

const [sqlite] = engines;

describe('the routes of sign-in in an app', () => {
  async function open() {
    const people = await openPeople(sqlite!);
    const app = Fastify();
    for (const field of ['pattern', 'address'] as const) app.decorateRequest(field, '');
    app.addHook('onRequest', async (request) => {
      request.address = request.ip;
    });
    app.setErrorHandler((error, request, reply) => {
      const { status, headers, body } = toProblem(toDomainError(error), request.id);
      reply.code(status).headers(headers).send(body);
    });
    readJson(app);
    mountSignIn(app, { signIn: async () => people.signIn, issuer: () => PUBLIC_URL });
    onTestFinished(async () => {
      await app.close();
      await people.close();
    });
    await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
    const post = (path: string, payload: object, headers: Record<string, string> = {}) =>
      app.inject({
        method: 'POST',
        url: `${SIGN_IN_PATH}${path}`,
        headers: { origin: PUBLIC_URL, 'content-type': 'application/json', ...headers },
        payload: JSON.stringify(payload),
      });
    return { people, app, post };
  }

  test('a person signs in and out', async () => {
    const { people, post } = await open();
    const answer = await post('/sign-in/email', { email: EMAIL, password: PASSWORD }, { host: 'evil.example' });
    expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([
      200,
      '{"signedIn":true}',
      'no-store',
    ]);
    const [cookie] = String(answer.headers['set-cookie']).split(';') as [string];
    const session = await people.signIn.findSession(new Headers({ cookie }));
    expect(session).not.toBeNull();
    expect((await people.signIn.listSessions(session!.userId)).map(({ address }) => address)).toEqual(['127.0.0.1']);
    expect((await post('/sign-out', {}, { cookie })).statusCode).toBe(204);
    expect(await people.signIn.findSession(new Headers({ cookie }))).toBeNull();
  });

  test('what is refused is answered as everywhere', async () => {
    const { app, post } = await open();
    expect((await post('/sign-in/email', { email: EMAIL, password: 'wrong' })).json().code).toBe('sign_in.refused');
    const foreign = await post(
      '/sign-in/email',
      { email: EMAIL, password: PASSWORD },
      { origin: 'https://evil.example' },
    );
    expect([foreign.statusCode, foreign.json().code]).toEqual([403, 'origin.foreign']);
    expect((await post('/sign-up/email', { email: EMAIL, password: PASSWORD, name: 'Eve' })).statusCode).toBe(404);
    expect((await app.inject({ url: `${SIGN_IN_PATH}/callback/unknown` })).statusCode).toBe(404);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await post('/sign-in/email', {}, form)).statusCode).toBe(415);
  });
});
