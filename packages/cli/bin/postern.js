#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one which is too old is told so in one sentence.
import { existsSync } from 'node:fs';

const compiled = new URL('../dist/main.js', import.meta.url);
const fromSources = process.execArgv.includes('--conditions=postern-src');

if (Number.parseInt(process.versions.node, 10) < 24) {
  refuse(
    `Postern needs Node 24 or newer; this is Node ${process.versions.node}. ` +
      'In a clone of the repository, `npm install` brings Node 24 and `npm start` uses it.',
  );
} else if (fromSources) {
  await import('../src/main.ts');
} else if (existsSync(compiled)) {
  await import(compiled.href);
} else {
  refuse('Postern has not been built here; run `npm run build`, or `npm start` to run the sources.');
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
