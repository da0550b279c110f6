/** The requests that are measured. */

export type RouteName = 'verify' | 'introspect' | 'me' | 'forward-auth';

export interface Route {
  readonly name: RouteName;
  readonly title: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Who calls; null = the token itself. */
  readonly caller: string | null;
  readonly contentType: string | null;
  /** What stands before and after the token: in the body, or, without one, in the Authorization header. */
  readonly around: readonly [before: string, after: string];
}

export function routesFor(verifier: string, organizationId: string): readonly Route[] {
  return [
    {
      name: 'verify',
      title: '`POST /api/v1/tokens/verify`',
      method: 'POST',
      path: '/api/v1/tokens/verify',
      caller: verifier,
      contentType: 'application/json',
      around: ['{"token":"', '"}'],
    },
    {
      name: 'introspect',
      title: '`POST /oauth2/introspect`',
      method: 'POST',
      path: '/oauth2/introspect',
      caller: verifier,
      contentType: 'application/x-www-form-urlencoded',
      around: ['token=', ''],
    },
    {
      name: 'me',
      title: '`GET /api/v1/me`',
      method: 'GET',
      path: '/api/v1/me',
      caller: null,
      contentType: null,
      around: ['', ''],
    },
    {
      name: 'forward-auth',
      title: '`GET /forward-auth`',
      method: 'GET',
      path: `/forward-auth?organization=${organizationId}`,
      caller: null,
      contentType: null,
      around: ['', ''],
    },
  ];
}

/** A whole request as text, cut where the token goes. */
export function template(route: Route, host: string, tokenLength: number): readonly [before: string, after: string] {
  const [before, after] = route.around;
  const head = [`${route.method} ${route.path} HTTP/1.1`, `Host: ${host}`, 'User-Agent: bench'];
  if (route.caller === null) return [`${[...head, 'Authorization: Bearer '].join('\r\n')}`, '\r\n\r\n'];
  const lines = [
    ...head,
    `Authorization: Bearer ${route.caller}`,
    `Content-Type: ${route.contentType}`,
    `Content-Length: ${before.length + tokenLength + after.length}`,
    '',
    before,
  ];
  return [lines.join('\r\n'), after];
}
