import { setupLink } from '@postern/server';
import { type Command, print } from './command.ts';

/** The operator's way to let the first person in. */
export const SETUP_COMMANDS: Readonly<Record<string, Command>> = {
  'setup-link': {
    summary: 'Print a new link for the first admin, good for an hour; the one before ends',
    settings: true,
    async run({ settings }) {
      const { path, url } = await setupLink(settings);
      print(url ?? `Start the server, and open its address with this behind it:\n\n  ${path}`);
    },
  },
};
