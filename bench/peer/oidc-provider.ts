import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { CLIENT, servePeer, VALUES } from './serve.ts';

/** oidc-provider, with its tokens in memory: introspection (RFC 7662) of an opaque access token. */
const provider = new Provider('http://127.0.0.1', {
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
  },
  ttl: { ClientCredentials: 86_400 },
});

const client = await provider.Client.find(CLIENT.id);
if (!client) throw new Error('the client is not there');
const values: string[] = [];
for (let count = 0; count < VALUES; count += 1) {
  values.push(await new provider.ClientCredentials({ client, scope: '' }).save());
}
servePeer(createServer(provider.callback()), values);
