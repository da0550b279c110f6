import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { writePosternCommand } from '../../../testing/postern-command.ts';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { findMissing } from '../../../testing/transcript.ts';

/** What `postern completion` prints, in the shells that read it. */

const BASH = `
eval "$(postern completion bash)"
complete -p postern
complete_as() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  _postern postern "\${!#}" "\${COMP_WORDS[COMP_CWORD - 1]}"
  printf '%s\\n' "\${COMPREPLY[@]}"
}
complete_as postern sa di
complete_as postern token create --ex
`;

const FISH = `
postern completion fish | source
complete -C 'postern sa di'
complete -C 'postern token create --ex'
`;

/** Typed into an interactive shell, whose line is then written down: completion works nowhere else. */
const ZSH = `
zmodload zsh/zpty
zpty shell zsh -f -i
type_in() { zpty -w -n shell "$1"; }
until_written() { while [[ ! -s $1 ]]; do zpty -r -t shell ignored || sleep 0.05; done; }
type_in $'autoload -Uz compinit; compinit -u -D; eval "$(postern completion zsh)"\\n'
type_in $'dump() { print -r -- "$BUFFER" > "$HOME/$DUMP" }; zle -N dump; bindkey "^X^D" dump; bindkey "^I" complete-word\\n'
type_in $'DUMP=one; touch "$HOME/ready"; print ready > "$HOME/ready"\\n'
until_written "$HOME/ready"
type_in $'postern sa di\\t\\x18\\x04'
until_written "$HOME/one"
type_in $'\\x15DUMP=two\\n'
type_in $'postern token create --ex\\t\\x18\\x04'
until_written "$HOME/two"
zpty -d shell
cat "$HOME/one" "$HOME/two"
`;

const SHELLS: readonly (readonly [string, readonly string[], string, readonly string[]])[] = [
  ['bash', ['-c'], BASH, ['complete -o default -F _postern postern', 'disable', '--expires']],
  ['fish', ['--no-config', '-c'], FISH, ['disable', '--expires']],
  ['zsh', ['-f', '-c'], ZSH, ['postern sa disable', 'postern token create --expires']],
];

for (const [shell, flags, script, expected] of SHELLS) {
  const isMissing = findMissing([shell]).length > 0;
  const title = `${shell} completes verbs and flags${isMissing ? `: apt-get install ${shell}` : ''}`;
  test.skipIf(isMissing)(title, { timeout: 120_000 }, async () => {
    const home = await tmpDirectory();
    await mkdir(join(home, 'bin'));
    await writePosternCommand(join(home, 'bin'));
    const child = spawn(shell, [...flags, script], {
      cwd: home,
      env: {
        PATH: `${join(home, 'bin')}:${dirname(process.execPath)}:${process.env['PATH']}`,
        HOME: home,
        TERM: 'xterm',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 100_000,
    });
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect(
      out
        .split('\n')
        .map((line) => line.trimEnd())
        .filter((line) => line !== ''),
      errors,
    ).toEqual(expected);
  });
}
