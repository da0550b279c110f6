import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { keepCookie } from './people.ts';

/** A real OpenID Connect provider on this machine, in which one person is always about to sign in. */
export interface OpenidProvider {
  readonly issuer: string;
  /** Who signs in next. */
  person: { readonly sub: string; readonly email: string; readonly emailVerified: boolean };
  /** Whether the signatures of its ID tokens are spoilt on their way. */
  forge: boolean;
  /** Whether its configuration leaves out where its keys are. */
  keyless: boolean;
  /** How often it was asked for its configuration. */
  discoveries(): number;
  /** Tokens that it gave out. */
  readonly tokens: string[];
  /** Follows the address that a page was sent to, as a browser does, up to the way back; there the path and query. */
  signIn(url: string, backTo: string): Promise<string>;
  close(): Promise<void>;
}

export const CLIENT = { clientId: 'postern', clientSecret: randomBytes(32).toString('hex') };

export async function startOpenidProvider(redirectUri: string): Promise<OpenidProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokens: string[] = [];
  let discovered = 0;
  const started: OpenidProvider = {
    issuer,
    person: { sub: 'ada', email: 'ada@example.com', emailVerified: true },
    forge: false,
    keyless: false,
    discoveries: () => discovered,
    tokens,
    async signIn(url, backTo) {
      const cookies = new Map<string, string>();
      let next = url;
      for (let hop = 0; hop < 10; hop += 1) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await fetch(next, { redirect: 'manual', headers: { cookie } });
        for (const line of response.headers.getSetCookie()) keepCookie(cookies, line);
        const location = response.headers.get('location');
        if (!location) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
        next = new URL(location, next).href;
        if (next.startsWith(backTo)) return next.slice(backTo.length);
      }
      throw new Error('the provider redirects without an end');
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    pkce: { required: () => true },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: async () => {
        const { email, emailVerified } = started.person;
        return { sub, email, email_verified: emailVerified, name: 'Ada of the provider' };
      },
    }),
  });
  provider.use(async (context, next) => {
    await next();
    const body = context.body as { id_token?: string; jwks_uri?: string } | undefined;
    if (started.keyless && body?.jwks_uri) delete body.jwks_uri;
    if (started.forge && body?.id_token) {
      const [head = '', claims = '', signature = ''] = body.id_token.split('.');
      body.id_token = [head, claims, [...signature].reverse().join('')].join('.');
    }
  });
  provider.on('access_token.saved', (token) => tokens.push(token.jti));
  const callback = provider.callback();
  server.on('request', async (request, response) => {
    if (request.url?.startsWith('/.well-known/')) discovered += 1;
    if (!request.url?.startsWith('/interaction/')) return callback(request, response);
    const { prompt, session, params } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      const result = { login: { accountId: started.person.sub } };
      return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    }
    const grant = new provider.Grant({
      accountId: session?.accountId ?? '',
      clientId: String(params['client_id']),
    });
    grant.addOIDCScope('openid email profile');
    const result = { consent: { grantId: await grant.save() } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  });
  return started;
}
