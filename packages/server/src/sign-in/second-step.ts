import { type TwoFactorOptions, twoFactor } from 'better-auth/plugins/two-factor';

/** As the library calls the way back from a provider. */
const CALLBACK = '/callback/:id';

/** The library's second step. Its own is asked for after a password only; this one after a provider's sign-in, too. */
export function secondStep<Options extends TwoFactorOptions>(options: Options) {
  const plugin = twoFactor(options);
  return {
    ...plugin,
    hooks: {
      ...plugin.hooks,
      after: plugin.hooks.after.map((hook) => ({
        ...hook,
        matcher: (context: Parameters<typeof hook.matcher>[0]) => context.path === CALLBACK || hook.matcher(context),
      })),
    },
  };
}
