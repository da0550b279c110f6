import { type GenericOAuthConfig, genericOAuth } from 'better-auth/plugins/generic-oauth';

/** An OpenID Connect provider that people may sign in with. */
export interface SignInProvider {
  /** Lower-case letters, digits and dashes; part of the redirect address `…/callback/{name}`. */
  readonly name: string;
  /** OpenID Connect Discovery 1.0 section 4: the configuration lies under it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const SCOPES = ['openid', 'email', 'profile'];

/**
 * The library's OpenID Connect, for these providers only: authorization code with PKCE, state and nonce, the ID token
 * verified, and nobody made by it. No provider is asked anything before somebody signs in with it.
 */
export function openidConnect(providers: readonly SignInProvider[]): ReturnType<typeof genericOAuth> {
  const configs = providers.map(toConfig);
  const plugin = genericOAuth({ config: configs });
  return {
    ...plugin,
    // Its own asks every provider at the start, and waits without an end for one that does not answer. What is pending here
    // it asks for when it is needed, for ten seconds.
    init: async ({ socialProviders }) => ({
      context: {
        socialProviders,
        genericOAuthPendingDiscovery: new Map(configs.map((config) => [config.providerId, config])),
      },
    }),
  };
}

function toConfig({ name, issuer, clientId, clientSecret }: SignInProvider): GenericOAuthConfig {
  return {
    providerId: name,
    discoveryUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    clientId,
    clientSecret,
    scopes: SCOPES,
    pkce: true,
    requireIdTokenVerification: true,
    disableSignUp: true,
    disableImplicitSignUp: true,
    disableProviderLogout: true,
    overrideUserInfo: false,
  };
}
