import { expect } from 'vitest';

/** How the first person comes in by a link that was printed. */

export const PASSWORD = 'correct horse battery staple';

/** The code of the link that was printed, at the address of this server. */
export function codeIn(printed: string, url: string): string {
  const code = /^ {2}(\S+)\/setup#([\w-]{43})$/m.exec(printed);
  expect(code?.[1], printed.replaceAll(/#\S+/g, '#…')).toBe(url);
  return code?.[2] ?? '';
}

export function setUp(url: string, code: string): Promise<Response> {
  const person = { displayName: 'Ada', email: 'ada@example.com', password: PASSWORD };
  return fetch(`${url}/api/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, organizationName: 'Acme', ...person }),
  });
}
