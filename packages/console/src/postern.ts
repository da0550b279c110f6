import { Postern } from '@postern/sdk';

/** The server that this page came from, called with the session of whoever is signed in. */
export const postern = new Postern({ url: location.origin, session: true, maxRetries: 2 });
