import { reportLeak } from '@postern/sdk';
import { findUrl } from './client.ts';
import { type Commands, say } from './command.ts';
import { usageError } from './exit.ts';
import { CLIENT_FLAGS } from './flag.ts';
import { plain } from './output.ts';
import { readSecret } from './secret-input.ts';
import { inspectText } from './token-text.ts';

export const LEAK_COMMANDS: Commands = {
  'report-leak': {
    summary: 'Tell the server of a value that leaked, on the standard input; if it is alive it is revoked',
    details: [
      'Needs no token, and says the same whether there is such a token or not: docs/guides/respond-to-a-leak.md.',
    ],
    where: 'client',
    flags: {
      url: { value: 'url', summary: 'Where Postern is; POSTERN_URL or the profile’s otherwise' },
      profile: CLIENT_FLAGS['profile'] as NonNullable<(typeof CLIENT_FLAGS)['profile']>,
    },
    async run(input) {
      const url = await findUrl(input);
      const value = await readSecret('Token (not shown): ');
      const { shape } = inspectText(value);
      if (!shape) throw usageError('That has not the shape of a token value; nothing was sent.');
      await reportLeak(value, { url });
      say(`Reported at ${plain(url)}.`);
    },
  },
};
