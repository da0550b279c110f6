import { parseArgs } from 'node:util';
import { sentenceOf } from '../testing/options.ts';

/** What can be measured by itself, in the order in which it is. */
export const PARTS = {
  receipts: 'how long a revocation waits for 4 nodes on one PostgreSQL, and for one that stands still',
  disable: 'how long it takes to disable an account with 10,000 tokens',
  scan: 'how fast `postern scan` reads',
  verifier: "the SDK's verifier, in the process of an API",
  peers: 'other libraries that answer the same question',
  verify: 'all routes beside a bare server, by number of tokens; starts; memory',
  workers: 'one and two workers behind one port',
  revocations: 'verifications while 0, 10, 100 and 200 tokens a second are revoked',
  nodes: '1, 2 and 4 nodes on one PostgreSQL',
  access: 'lists and decisions of a large organization',
} as const;

export type Part = keyof typeof PARTS;

export interface Arguments {
  readonly quick: boolean;
  readonly write: boolean;
  readonly profile: boolean;
  readonly parts: readonly Part[];
}

export const USAGE = `Usage: npm run bench -- [--quick] [--only <part,...>] [--write]
       npm run bench -- --profile

  --quick        1,000 and 100,000 tokens and fewer rounds: about six minutes. Without it, 1,000 to 5,000,000 tokens: about
                 twenty-five. With it, PostgreSQL only for several nodes
  --only <part>  only these parts, separated by commas:
${Object.entries(PARTS)
  .map(([part, what]) => `                   ${part.padEnd(12)} ${what}`)
  .join('\n')}
  --write        put the table into README.md, and the charts and their table into docs
  --profile      where the processor time of a verification goes: the 15 functions and the 15 files that take most of it
  --help         this text

Exit codes: 0 it was measured, whether or not goals are met; 1 something went wrong; 2 these arguments are none.
`;

/** What they ask for; 'help' where that is all. Throws an Error whose message is one sentence. */
export function parseArguments(args: readonly string[]): Arguments | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [surplus] = positionals;
  if (surplus !== undefined) throw new Error(`There is no argument "${surplus}".`);
  const { quick, write, profile, only } = values;
  if (profile && (quick || write || only !== undefined)) throw new Error('--profile goes with no other option.');
  if (write && only !== undefined) throw new Error('--write needs all parts, so it does not go with --only.');
  return { quick, write, profile, parts: only === undefined ? namesOfParts() : parseParts(only) };
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const options = {
    quick: flag,
    write: flag,
    profile: flag,
    help: { ...flag, short: 'h' },
    only: { type: 'string' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new Error(sentenceOf(error));
  }
}

function parseParts(text: string): readonly Part[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}"; parts are ${namesOfParts().join(', ')}.`);
  return namesOfParts().filter((part) => names.includes(part));
}

function namesOfParts(): readonly Part[] {
  return Object.keys(PARTS) as Part[];
}
