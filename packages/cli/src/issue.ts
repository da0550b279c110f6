import type { IssuedToken } from '@postern/sdk';
import { type CommandInput, isGiven, print, say } from './command.ts';
import { prepareDelivery } from './deliver.ts';
import { CommandError } from './exit.ts';
import { plain } from './output.ts';

/** Makes a value and delivers it; `undo` says or does what is left when it does not arrive. */
export async function issue(
  input: CommandInput,
  make: () => Promise<{ readonly issued: IssuedToken; readonly undo: () => Promise<string> }>,
): Promise<void> {
  const delivery = await prepareDelivery(input);
  const { issued, undo } = await make().catch(async (error: unknown) => {
    await delivery.abandon();
    throw error;
  });
  const { token } = issued;
  const value = issued.value.reveal();
  const asJson = isGiven(input, 'json');
  const isWhole = delivery.toStdout && asJson;
  try {
    await delivery.deliver(isWhole ? JSON.stringify({ ...issued, value }, null, 2) : value);
  } catch (error) {
    throw new CommandError(`${(error as Error).message} ${await undo()}`);
  }
  if (isWhole) return;
  if (asJson) return print(JSON.stringify({ token, receipt: issued.receipt }, null, 2));
  const ends = token.expiresAt === null ? 'never expires' : `expires at ${token.expiresAt}`;
  say(`The token ${plain(token.name)} (${token.id}) ${ends}; its value ends in …${token.hint} and a checksum.`);
  if (token.previous) say(`The old value works until ${token.previous.validUntil}.`);
}
