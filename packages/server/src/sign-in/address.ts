/** Where the pages of sign-in call. */
/** Where the routes are mounted. */
export const SIGN_IN_PATH = '/api/v1/auth';
/** In requests to the library: the client's address, as the door found it. */
export const ADDRESS_HEADER = 'x-postern-client-address';
