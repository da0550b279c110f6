import type { Caller, Domain, FillStamp, TokenVerifier, UsageRecorder } from '@postern/core';
import type { ClientAddress } from './client.ts';
import type { DecisiveHeaders } from './credential.ts';
import type { HotRoute } from './hot-lane.ts';
import type { Log } from './log.ts';
import type { SendMail } from './mail.ts';
import type { PlainConnections } from './plain-connection.ts';
import type { SignInProvider } from './sign-in/provider.ts';
import type { SignIn } from './sign-in/sign-in.ts';
import type { Throttle } from './throttle.ts';

/** What routes work with: the domain, and what this process adds to it. */
export interface Server extends Domain {
  readonly verifier: TokenVerifier;
  readonly usage: UsageRecorder;
  readonly throttle: Throttle;
  readonly clientAddress: ClientAddress;
  /** Another header that `/forward-auth` takes a token from, in lower case; null: there is none. */
  readonly forwardAuthHeader: string | null;
  readonly log: Log;
  /** How people sign in; null where they cannot. */
  readonly signIn: () => Promise<SignIn | null>;
  /** Once what sign-in does beside its answers has ended. */
  readonly settleSignIn: () => Promise<void>;
  /** Where people may sign in besides here. */
  readonly providers: readonly Pick<SignInProvider, 'name' | 'issuer'>[];
  /** null: there is no mail server. */
  readonly sendMail: SendMail | null;
  /** The address that this server is known by; the `iss` of introspection answers. */
  readonly issuer: () => string;
  /** Whether this process takes requests: not before its first start is done, and not while it goes down. */
  readonly isReady: () => boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Routes that plain requests may take the hot lane to. */
    hotRoutes: HotRoute[];
    /** null until the app is ready. */
    plainConnections: PlainConnections | null;
  }
  interface FastifyRequest {
    /** `performance.now()` when the request was read. */
    startedAt: number;
    /** The route's pattern, for the log; empty where none matched. */
    pattern: string;
    address: string;
    decisive: DecisiveHeaders | null;
    caller: Caller | null;
    /** Taken before the caller was looked at. */
    stamp: FillStamp | null;
    /** Why it failed, for the log. */
    failure: { readonly code: string; readonly internal?: string | undefined } | null;
    /** Why a credential was refused, for the log. */
    refusal: string | null;
  }
}
