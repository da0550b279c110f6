import { randomBytes } from 'node:crypto';
import { newId, parseEmail } from '@postern/core';
import { told } from './organization-operator.ts';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import { readEnvironment } from './serve.ts';
import { type Environment, readSettings } from './setting.ts';
import { EXIT_USAGE, StartError } from './start-error.ts';
import { requireDatabase, workOnDatabase } from './wire.ts';

const PASSWORD_BYTES = 18;

/**
 * For a lock-out: gives the person with this e-mail a new random password and ends all their sessions; on request the
 * second step goes, too. Answers the password, which is nowhere else. Throws StartError.
 */
export async function memberResetPassword(
  flags: Environment,
  input: { readonly email: string; readonly withoutSecondStep: boolean },
): Promise<string> {
  const email = parseOperand(input.email);
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  const keys = loadSecretKeys(settings, randomBytes);
  return told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      await checkSecretKeys(storage, keys);
      const user = await storage.signIn.findUser(email);
      if (!user) throw new StartError('Nobody with that e-mail signs in here.');
      const { createSignIn } = await import('./sign-in/sign-in.ts');
      const signIn = createSignIn({
        storage: storage.signIn,
        keys,
        random: randomBytes,
        monotonic: () => performance.now(),
        publicUrl: 'http://localhost',
        record: async () => undefined,
        log: () => undefined,
      });
      const password = randomBytes(PASSWORD_BYTES).toString('base64url');
      await signIn.setPassword(user.id, password);
      if (input.withoutSecondStep) await storage.signIn.removeSecondStep(user.id);
      const at = storage.now();
      await storage.recordSignIn({
        eventId: newId('audit_event', { now: () => at }, randomBytes),
        userId: user.id,
        action: 'password.reset',
        outcome: 'done',
        details: { by: 'operator', withoutSecondStep: input.withoutSecondStep },
        request: { requestId: null, address: null, userAgent: null },
        at,
      });
      return password;
    }),
  );
}

function parseOperand(text: string): string {
  try {
    return parseEmail(text, '');
  } catch {
    throw new StartError('That is not an e-mail address.', EXIT_USAGE);
  }
}
