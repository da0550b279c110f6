import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import OAuth2Server from '@node-oauth/oauth2-server';
import { CLIENT, servePeer, VALUES } from './serve.ts';

/**
 * @node-oauth/oauth2-server behind `node:http`, with a model as its documentation has it, but of hashed values in memory: is this
 * bearer token good, and whose is it? It has no introspection of its own.
 */
const values = Array.from({ length: VALUES }, () => randomBytes(32).toString('base64url'));
const hash = (value: string): string => createHash('sha256').update(value).digest('base64');
const expires = new Date(Date.now() + 86_400_000);
const tokens = new Map(
  values.map((value, number) => [
    hash(value),
    { accessTokenExpiresAt: expires, client: { id: CLIENT.id, grants: [] }, user: { id: `user-${number}` } },
  ]),
);
const oauth = new OAuth2Server({
  model: {
    getAccessToken: async (accessToken) => {
      const found = tokens.get(hash(accessToken));
      return found && { accessToken, ...found };
    },
    getClient: async () => false,
    saveToken: async () => false,
  },
});

const server = createServer(async (incoming, outgoing) => {
  const request = new OAuth2Server.Request({
    headers: incoming.headers as Record<string, string>,
    method: incoming.method ?? 'GET',
    query: {},
  });
  try {
    const { client, user, accessTokenExpiresAt } = await oauth.authenticate(request, new OAuth2Server.Response({}));
    const body = JSON.stringify({ active: true, client: client.id, sub: user['id'], exp: accessTokenExpiresAt });
    outgoing.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body);
  } catch {
    outgoing.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
  }
});
servePeer(server, values);
