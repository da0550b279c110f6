#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one which is too old is told so in one sentence.
import { existsSync, readFileSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const program = findProgram();

if (Number.parseInt(process.versions.node, 10) < 24) {
  refuse(
    `Postern needs Node 24 or newer; this is Node ${process.versions.node}. ` +
      'In a clone of the repository, `npm install` brings Node 24 and `npm start` uses it.',
  );
} else if (program) {
  // What was compiled is kept beside the program, as trusted as it; where that cannot be written, it is compiled each time.
  const cache = fileURLToPath(new URL('.cache', program));
  module.enableCompileCache(cache);
  // A server's threads and workers learn of it by the environment; a command that is run for somebody must not.
  if (process.argv[2] === 'serve' && !process.env.NODE_COMPILE_CACHE) process.env.NODE_COMPILE_CACHE = cache;
  // Workers that are started later run what this process runs, whatever has been built since.
  process.argv[1] = fileURLToPath(program);
  await import(program.href);
} else {
  refuse('Postern has not been built here; run `npm run build`.');
}

/** The build that is current. */
function findProgram() {
  try {
    const name = readFileSync(new URL('../dist/current', import.meta.url), 'utf8');
    const program = new URL(`../dist/${name}/main.js`, import.meta.url);
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
