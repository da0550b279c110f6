import { PERMISSION_NAMES } from '@postern/core';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, type TestEngine } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

/** Over a real connection, by a client that we did not write and that knows nothing but the issuer. */

const insecure = { [oauth.allowInsecureRequests]: true };

let door: Door;
let issuer = '';

beforeAll(async () => {
  door = await openDoor(engines[0] as TestEngine, { issuer: () => issuer });
  issuer = await door.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => door.close());

async function discover(): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure }));
}

/** The challenges of a call that is refused, as the client reads them. */
async function challengesOf(call: Promise<unknown>): Promise<[number, readonly oauth.WWWAuthenticateChallenge[]]> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw new Error('it was not refused with a challenge');
  return [error.status, error.cause];
}

describe('the metadata', () => {
  test('200 with what RFC 8414 says of the endpoints, and of none that is not there', async () => {
    const answer = await door.call('GET', '/.well-known/oauth-authorization-server', { token: null });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(answer.body).toEqual({
      issuer,
      introspection_endpoint: `${issuer}/oauth2/introspect`,
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'Bearer'],
      revocation_endpoint: `${issuer}/oauth2/revoke`,
      revocation_endpoint_auth_methods_supported: ['none'],
      response_types_supported: [],
      grant_types_supported: [],
      scopes_supported: PERMISSION_NAMES,
      protected_resources: [issuer],
    });
    expect(await discover()).toEqual(answer.body);
  });

  test('200 with what RFC 9728 says of the API, which leads to the former', async () => {
    const url = new URL(issuer);
    const resource = await oauth.processResourceDiscoveryResponse(
      url,
      await oauth.resourceDiscoveryRequest(url, insecure),
    );
    expect(resource).toEqual({
      resource: issuer,
      resource_name: 'Postern',
      authorization_servers: [(await discover()).issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: PERMISSION_NAMES,
    });
  });

  test.each(['application/json', 'text/html'])(
    '404 for openid-configuration, asked for as %s: nobody signs in elsewhere with Postern',
    async (accept) => {
      for (const path of ['openid-configuration', 'jwks.json', 'oauth-authorization-server/other']) {
        const answer = await door.call('GET', `/.well-known/${path}`, { token: null, headers: { accept } });
        expect([answer.status, answer.body.code]).toEqual([404, 'route.not_found']);
      }
    },
  );

  test('names the issuer that introspection names', async () => {
    const { value } = await door.createCaller('verifier');
    const answer = await door.call('POST', '/oauth2/introspect', {
      token: value,
      raw: `token=${door.admin}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.body).toMatchObject({ active: true, iss: (await discover()).issuer });
  });
});

describe('with nothing but the metadata', () => {
  test('a verifier introspects, and a holder revokes', async () => {
    const server = await discover();
    const verifier = await door.createCaller('verifier');
    const holder = await door.createCaller('member');
    const client: oauth.Client = { client_id: verifier.accountId };
    const isActive = async (authentication: oauth.ClientAuth) =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, authentication, holder.value, insecure),
      );
    const bearer: oauth.ClientAuth = (_server, _client, _body, headers) =>
      headers.set('authorization', `Bearer ${verifier.value}`);
    for (const authentication of [oauth.ClientSecretBasic(verifier.value), bearer]) {
      expect(await isActive(authentication)).toMatchObject({ active: true, sub: holder.accountId, iss: issuer });
    }
    const revoked = await oauth.revocationRequest(
      server,
      { client_id: holder.accountId },
      oauth.None(),
      holder.value,
      insecure,
    );
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined();
    expect(await isActive(bearer)).toEqual({ active: false });
  });

  test('refusals are read as RFC 6749 section 5.2 and RFC 6750 section 3 write them', async () => {
    const server = await discover();
    const { accountId, value } = await door.createCaller('member');
    const introspect = async (authentication: oauth.ClientAuth, token: string) =>
      oauth.processIntrospectionResponse(
        server,
        { client_id: accountId },
        await oauth.introspectionRequest(server, { client_id: accountId }, authentication, token, insecure),
      );
    expect(await challengesOf(introspect(oauth.ClientSecretBasic('wrong'), value))).toEqual([
      401,
      [{ scheme: 'basic', parameters: { realm: 'postern', charset: 'UTF-8' } }],
    ]);
    expect(await challengesOf(introspect(oauth.None(), value))).toEqual([
      401,
      [{ scheme: 'basic', parameters: { realm: 'postern', charset: 'UTF-8' } }],
    ]);
    expect(await challengesOf(introspect(oauth.ClientSecretBasic(value), value))).toEqual([
      403,
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'postern', error: 'insufficient_scope', scope: 'token.introspect' },
        },
      ],
    ]);
    const verifier = await door.createCaller('verifier');
    const nowhere = oauth.introspectionRequest(
      server,
      { client_id: verifier.accountId },
      oauth.ClientSecretBasic(verifier.value),
      value,
      { ...insecure, additionalParameters: { client_address: 'nowhere' } },
    );
    const refused = await oauth
      .processIntrospectionResponse(server, { client_id: verifier.accountId }, await nowhere)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(oauth.ResponseBodyError);
    expect(refused).toMatchObject({ status: 400, error: 'invalid_request', error_description: expect.any(String) });
  });

  test('calls of the API itself are refused as RFC 6750 section 3 writes it', async () => {
    const url = new URL('/api/v1/service-accounts', issuer);
    const call = (token: string) => oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, insecure);
    expect((await call(door.admin)).status).toBe(200);
    const invalid = [{ scheme: 'bearer', parameters: { realm: 'postern', error: 'invalid_token' } }];
    const { accountId, tokenId, value } = await door.createCaller('member');
    expect(await challengesOf(call(value))).toEqual([
      403,
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'postern', error: 'insufficient_scope', scope: 'service_account.read' },
        },
      ],
    ]);
    await door.call('DELETE', `/api/v1/service-accounts/${accountId}/tokens/${tokenId}`);
    for (const token of ['nonsense', value]) expect(await challengesOf(call(token))).toEqual([401, invalid]);
    // Section 3.1: without a credential no error is named.
    const bare = await fetch(url);
    expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="postern"']);
    await bare.body?.cancel();
  });
});
