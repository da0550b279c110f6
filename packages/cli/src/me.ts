import { type Me, Postern } from '@postern/sdk';
import { connect } from './client.ts';
import { type CommandInput, type Commands, isGiven, print, say } from './command.ts';
import { CommandError, EXIT } from './exit.ts';
import { CLIENT_FLAGS } from './flag.ts';
import { type Column, plain, printItem } from './output.ts';
import { findProfile, profileName, removeProfile, writeProfile } from './profile.ts';
import { readSecret } from './secret-input.ts';

const FACTS: readonly Column<Me>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ displayName }) => displayName },
  { name: 'kind', of: ({ kind }) => kind },
  { name: 'organization', of: ({ organization }) => organization.name },
  { name: 'organization id', of: ({ organization }) => organization.id },
  { name: 'role', of: ({ organizationRole }) => organizationRole },
  { name: 'groups', of: ({ groups }) => groups.map(({ name, role }) => `${name} (${role})`).join(', ') },
  { name: 'workspaces', of: ({ workspaces }) => workspaces.map(({ name, role }) => `${name} (${role})`).join(', ') },
  { name: 'token', of: ({ token }) => token?.name },
  { name: 'token id', of: ({ token }) => token?.id },
  { name: 'token expires', of: ({ token }) => token?.expiresAt, time: true },
];
const PROFILE_FLAG = { profile: CLIENT_FLAGS['profile'] as NonNullable<(typeof CLIENT_FLAGS)['profile']> };

export const ME_COMMANDS: Commands = {
  login: {
    summary: 'Sign in with a token: asked for without showing it, or read from the standard input',
    details: ['It is kept in $XDG_CONFIG_HOME/postern (~/.config/postern), in a file that only you can read.'],
    where: 'client',
    flags: { url: { value: 'url', required: true, summary: 'Where Postern is' }, ...PROFILE_FLAG },
    run: login,
  },
  logout: {
    summary: 'Forget the token of a profile; it stays valid, unless --revoke ends it',
    where: 'client',
    flags: { revoke: { summary: 'End the token itself first' }, ...PROFILE_FLAG },
    run: logout,
  },
  whoami: {
    summary: 'Show whose token is used, and what it may do',
    where: 'client',
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connect(input);
      const me = await postern.me();
      if (isGiven(input, 'json')) print(JSON.stringify(me, null, 2));
      else printItem(me, FACTS, input);
    },
  },
};

async function login(input: CommandInput): Promise<void> {
  const url = (input.flags['url'] ?? '').replace(/\/+$/, '');
  const name = profileName(input.flags['profile']);
  if (/^http:\/\/(?!localhost[:/]|localhost$|127\.|\[::1\])/.test(url)) {
    say('That address is not https: whoever is between here and there can read the token.');
  }
  const token = await readSecret('Token (not shown): ');
  const me = await new Postern({ url, token, warn: say }).me();
  const [account, organization] = [me.displayName, me.organization.name];
  await writeProfile(name, { url, token, account, organization });
  say(`Signed in at ${plain(url)} as ${plain(account)} of ${plain(organization)} (profile ${name}).`);
}

async function logout(input: CommandInput): Promise<void> {
  const name = profileName(input.flags['profile']);
  const profile = await findProfile(name);
  if (!profile) throw new CommandError(`There is no profile ${name}.`, EXIT.notFound);
  if (isGiven(input, 'revoke')) {
    const { url, token } = profile;
    await new Postern({ url, token, warn: say }).me.deleteToken();
  }
  await removeProfile(name);
  say(
    isGiven(input, 'revoke') ? `The token has ended, and the profile ${name} is gone.` : `The profile ${name} is gone.`,
  );
}
