import { ERRORS, type ErrorCode } from '@postern/core';
import { buildApp } from './app.ts';
import { errorAnchor, STATUS } from './problem.ts';
import type { Server } from './server.ts';
import { SETTING_DESCRIPTIONS } from './setting-table.ts';

/** The documents that are made of the code, and so cannot differ from it. */

const GENERATED = '<!-- Written by `npm run generate`. Changes made here are lost. -->';

/** The OpenAPI document of all routes; it needs no database. */
export async function describeApi(): Promise<object> {
  const nothing = new Proxy({} as Server, {
    get() {
      throw new Error('routes are only described here, never called');
    },
  });
  const app = await buildApp(nothing);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}

/** docs/reference/errors.md: each error code under an anchor of its own, which `type` in a problem document links to. */
export function writeErrorReference(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  return [
    GENERATED,
    '',
    '# Errors',
    '',
    'Every error is answered as `application/problem+json` (RFC 9457). `code` is stable; `type` leads to its entry here;',
    '`requestId` is what to tell the operator, and what the audit log finds a refused credential by.',
    ...codes.flatMap((code) => {
      const { kind, title, remedy } = ERRORS[code];
      return [
        '',
        `<a id="${errorAnchor(code)}"></a>`,
        '',
        `## \`${code}\``,
        '',
        `Status ${STATUS[kind]}. ${title}`,
        '',
        remedy,
      ];
    }),
    '',
  ].join('\n');
}

/** docs/reference/settings.md. */
export function writeSettingReference(): string {
  return [
    GENERATED,
    '',
    '# Settings',
    '',
    '`postern serve`, `postern organization …` and `postern key status` read their settings from flags, from the environment,',
    'and from a `.env` file in the working directory; the first of these that has one wins. A wrong setting is named, with',
    'what it should be, and the process ends with exit code 78. Secrets have no flag: everybody on a machine can read its',
    'command lines.',
    '',
    '| variable | flag | default | |',
    '|---|---|---|---|',
    ...SETTING_DESCRIPTIONS.map(
      ({ variable, flag, otherwise, description }) =>
        `| \`${variable}\` | ${flag === undefined ? '–' : `\`--${flag}\``} | ${otherwise} | ${description} |`,
    ),
    '',
  ].join('\n');
}
