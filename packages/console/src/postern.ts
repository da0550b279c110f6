import { Postern } from '@postern/sdk';

/** The server that this page came from, called with the session of whoever is signed in. */
export const postern = new Postern({ url: location.origin, session: true, maxRetries: 2 });

/** Its sign-in for who proves who they are: attempts are counted, and whoever had too many is told so instead of waiting. */
export const { signIn } = new Postern({ url: location.origin, session: true, maxRetries: 0 });
