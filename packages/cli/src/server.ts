import { flushCompileCache } from 'node:module';
import { type CommandInput, type Commands, print } from './command.ts';
import { findConsole } from './console.ts';

/** The process itself, and its secret keys. The server's code is loaded by these alone. */
export const SERVER_COMMANDS: Commands = {
  serve: {
    summary: 'Run the server',
    where: 'server',
    async run({ settings }) {
      const { serve } = await import('@postern/server');
      await serve(settings, { consoleDirectory: findConsole() });
      // Node writes it when it ends; one that is killed then would start slowly again.
      flushCompileCache();
    },
  },
  'key status': {
    summary: 'Show what is stored under which secret key, and whether the previous one can be dropped',
    where: 'server',
    run: keyStatus,
  },
};

async function keyStatus({ settings }: CommandInput): Promise<void> {
  const server = await import('@postern/server');
  const uses = await server.keyStatus(settings);
  if (uses.length === 0) return print('No secret key has been used with this database yet.');
  for (const { kid, liveValues } of uses) {
    const drop = liveValues === 0 ? 'it can be dropped without ending any token' : 'dropping it would end them';
    print(`${kid}: ${liveValues} live token ${liveValues === 1 ? 'value' : 'values'} stored under it only; ${drop}`);
  }
}
