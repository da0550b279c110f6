import { COMMANDS } from './command-table.ts';
import { EXIT_MEANINGS } from './exit.ts';
import { flagFacts, flagText, SECTIONS, usageOf } from './help.ts';

/** The page about every command, made of the table that reads their arguments. */
export function writeCommandReference(): string {
  const sections = (['client', 'server', 'offline'] as const).flatMap((where) => [
    `## ${SECTIONS[where]}`,
    '',
    ...Object.entries(COMMANDS).flatMap(([name, command]) => {
      if (command.where !== where) return [];
      const { summary, details = [], flags = {}, columns } = command;
      return [
        `### \`postern ${name}\``,
        '',
        `${summary}.`,
        ...details.flatMap((detail) => ['', detail]),
        '',
        '```text',
        usageOf(name, command),
        '```',
        '',
        ...(Object.keys(flags).length > 0 ? ['| flag | |', '|---|---|'] : []),
        ...Object.entries(flags).map(([flag, facts]) => {
          const more = flagFacts(facts);
          return `| \`${flagText(flag, facts)}\` | ${facts.summary}${more && ` (${more})`} |`;
        }),
        ...(Object.keys(flags).length > 0 ? [''] : []),
        ...(columns ? [`Columns in a pipe: ${columns.join(', ')}.`, ''] : []),
      ];
    }),
  ]);
  return [
    '# The command line',
    '',
    'Written by `npm run generate` from the table that the command reads its arguments with.',
    '',
    'Names work where ids do; a name that several things have is exit code 2, and their ids. `sa` is short for `service-account`.',
    'On a terminal lists are aligned and times relative; in a pipe they are lines of tab-separated columns, without a heading,',
    'whole and with ISO times. `--json` prints one document, and errors as the problem document on stderr.',
    'Operator’s commands take [the settings](settings.md) as flags, too.',
    '',
    '| exit code | |',
    '|---|---|',
    ...Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
