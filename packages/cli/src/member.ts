import { memberResetPassword } from '@postern/server';
import { type Command, print } from './command.ts';

/** The operator's commands about people. */
export const MEMBER_COMMANDS: Readonly<Record<string, Command>> = {
  'member reset-password': {
    summary: 'For a lock-out: print a new password for the person, this once, and end all their sessions',
    settings: true,
    operands: ['email'],
    flags: { 'without-second-step': {} },
    async run({ settings, flags, operands: [email = ''] }) {
      const withoutSecondStep = flags['without-second-step'] !== undefined;
      const password = await memberResetPassword(settings, { email, withoutSecondStep });
      print(
        [
          'Here is the new password; it is not shown again:',
          '',
          `  ${password}`,
          '',
          `All sessions have ended${withoutSecondStep ? ', and the second step is gone' : ''}. Sign in, and change it.`,
        ].join('\n'),
      );
    },
  },
};
