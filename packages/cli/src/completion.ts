import { type Commands, print } from './command.ts';
import { usageError } from './exit.ts';

const BASH = `# bash: eval "$(postern completion bash)"
_postern() {
  local IFS=$'\\n'
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  local candidate
  while IFS= read -r candidate; do
    [[ "$candidate" == "$2"* ]] && COMPREPLY+=("$(printf '%q' "$candidate")")
  done < <(postern __complete "\${words[@]}" 2>/dev/null)
}
complete -o default -F _postern postern`;

const ZSH = `#compdef postern
# zsh: eval "$(postern completion zsh)"
_postern() {
  local -a candidates
  candidates=("\${(@f)$(postern __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${candidates[*]}" ]]; then compadd -a candidates; else _files; fi
}
compdef _postern postern`;

const FISH = `# fish: postern completion fish | source
function __postern_complete
    set -l words (commandline -opc) (commandline -ct)
    postern __complete $words[2..-1] 2>/dev/null
end
complete -c postern -a '(__postern_complete)'`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

export const COMPLETION_COMMANDS: Commands = {
  completion: {
    summary: 'Print what a shell needs to complete commands, flags and names: bash, zsh or fish',
    details: ['Names come from the server within a second, or not at all. Values are never among them.'],
    where: 'offline',
    operands: [{ name: 'shell' }],
    async run({ operands: [shell = ''] }) {
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
      if (script === undefined) throw usageError('A shell is one of bash, zsh and fish.');
      print(script);
    },
  },
};
