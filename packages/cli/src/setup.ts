import type { Commands } from './command.ts';
import { printOnce } from './stdout.ts';

/** The operator's way to let the first person in. */
export const SETUP_COMMANDS: Commands = {
  'setup-link': {
    summary: 'Print a new link for the first person, this once; links before it end. Not once a person is there',
    where: 'server',
    async run({ settings }) {
      const { setupLinkCreate } = await import('@postern/server');
      const link = await setupLinkCreate(settings);
      await printOnce(
        ['Open this link in a browser to become the admin; it works once, within an hour:', '', `  ${link}`].join('\n'),
      );
    },
  },
};
