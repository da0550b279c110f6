import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<Given extends Options> = ReturnType<typeof parseArgs<{ options: Given }>>['values'];

/**
 * The options of a command of this repository. Ends the process where usage is all that is asked for (0), or where there is an
 * option that the command does not have (2).
 */
export function readOptions<const Given extends Options>(usage: string, options: Given): Parsed<Given> {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } });
    if (!(values as { readonly help?: boolean }).help) return values as Parsed<Given>;
  } catch (error) {
    refuse(sentenceOf(error));
  }
  process.stdout.write(usage);
  process.exit(0);
}

/** Ends the process: the options are there, and cannot be what they are. */
export function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

/** What parsing arguments failed with; what comes after its first sentence is advice on arguments that are none of ours. */
export function sentenceOf(error: unknown): string {
  return `${(error as Error).message.split(/\.?(?:\n|\. |$)/)[0]}.`;
}
