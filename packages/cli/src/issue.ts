import type { IssuedToken } from '@postern/sdk';
import { type CommandInput, isGiven, print, say } from './command.ts';
import { type Delivery, prepareDelivery } from './deliver.ts';
import { CommandError } from './exit.ts';
import { plain } from './output.ts';
import { exitCodeOfSignal, type HeldSignals, holdSignals } from './signal.ts';

/** A new value, and what becomes of it where it does not arrive. */
export interface Made {
  readonly issued: IssuedToken;
  /** Ends what was made; absent where that cannot be. */
  readonly undo?: () => Promise<unknown>;
  /** What is then, in a sentence. */
  readonly otherwise: string;
}

/** Makes a value and delivers it. A signal ends it only when the value is delivered, or nothing of it is left. */
export async function issue(input: CommandInput, make: () => Promise<Made>): Promise<void> {
  const signals = holdSignals();
  try {
    const delivery = await prepareDelivery(input, signals);
    const made = await make().catch(async (error: unknown) => {
      for (const sentence of await abandon(delivery)) say(sentence);
      throw error;
    });
    await deliver(input, delivery, made, signals);
  } finally {
    signals.release();
  }
}

async function deliver(input: CommandInput, delivery: Delivery, made: Made, signals: HeldSignals): Promise<void> {
  const { issued } = made;
  const { token } = issued;
  const value = issued.value.reveal();
  const asJson = isGiven(input, 'json');
  const isWhole = delivery.toStdout && asJson;
  try {
    const interrupted = signals.first();
    // What cannot be undone is delivered all the same: nobody else has the value.
    if (interrupted && made.undo) throw new CommandError(`Interrupted (${interrupted}).`);
    await delivery.deliver(isWhole ? JSON.stringify({ ...issued, value }, null, 2) : value);
  } catch (error) {
    const left = await abandon(delivery);
    const signal = signals.first();
    throw new CommandError(
      [(error as Error).message, await undoneOf(made), ...left].join(' '),
      signal === undefined ? undefined : exitCodeOfSignal(signal),
    );
  }
  if (isWhole) return;
  if (asJson) return print(JSON.stringify({ token, receipt: issued.receipt }, null, 2));
  const ends = token.expiresAt === null ? 'never expires' : `expires at ${token.expiresAt}`;
  say(`The token ${plain(token.name)} (${token.id}) ${ends}; its value ends in …${token.hint} and a checksum.`);
  if (token.previous) say(`The old value works until ${token.previous.validUntil}.`);
}

/** Takes away what was begun, and says so where that stays. Never throws: there is more to put in order. */
async function abandon(delivery: Delivery): Promise<readonly string[]> {
  try {
    await delivery.abandon();
    return [];
  } catch (error) {
    return [`What was begun of the file could not be taken away: ${(error as Error).message}.`];
  }
}

/** Undoes it, and says what is then. */
async function undoneOf({ issued: { token }, undo, otherwise }: Made): Promise<string> {
  try {
    await undo?.();
    return otherwise;
  } catch (error) {
    return (
      `The new token ${token.id} could not be deleted and still works: ${(error as Error).message} ` +
      `\`postern token delete ${token.id}\` ends it.`
    );
  }
}
