/** `mqttrep completion SHELL`: a script that completes what is typed, made from the table of commands. */

import { commandList, DEFAULT_COMMAND, OPTIONS, type Option, optionSpec, type Shell } from './commands.ts';
import { EXIT } from './exit-codes.ts';

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

export function completion(shell: Shell): number {
  process.stdout.write(SCRIPTS[shell]());
  return EXIT.ok;
}

/** What may follow each command, `--help` included; of the top level also what the default command takes. */
const COMMANDS = commandList().map(({ name, summary, options, words = [] }) => ({
  name,
  summary,
  words,
  options: [...options, 'help'] satisfies Option[],
}));

const TOP: readonly Option[] = [
  ...(commandList().find(({ name }) => name === DEFAULT_COMMAND)?.options ?? []),
  'help',
  'version',
];

const WITH_VALUE = (Object.keys(OPTIONS) as Option[]).filter(
  option => optionSpec(option).value !== undefined,
);
const FILES = WITH_VALUE.filter(option => optionSpec(option).value === 'FILE');
const OTHERS = WITH_VALUE.filter(option => !FILES.includes(option));

const long = (option: Option) => `--${option}`;

// ── bash ─────────────────────────────────────────────────────────────────────────────────────────────

function bashScript(): string {
  const cases = COMMANDS.map(
    ({ name, words, options }) => `    ${name}) words='${[...words, ...options.map(long)].join(' ')}' ;;`,
  );
  return `# mqttrep completion for bash: source <(mqttrep completion bash)
_mqttrep() {
  local IFS=$'\\n' current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command='' word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
    ${COMMANDS.map(({ name }) => name).join(' | ')})
      command=$word
      break
      ;;
    esac
  done
  case $previous in
    ${FILES.map(long).join(' | ')})
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    ${OTHERS.map(long).join(' | ')})
      COMPREPLY=()
      return
      ;;
  esac
  case $command in
${cases.join('\n')}
    *) words='${[...COMMANDS.map(({ name }) => name), ...TOP.map(long)].join(' ')}' ;;
  esac
  COMPREPLY=($(compgen -W "\${words// /$'\\n'}" -- "$current"))
}
complete -F _mqttrep mqttrep
`;
}

// ── zsh ──────────────────────────────────────────────────────────────────────────────────────────────

function zshScript(): string {
  const commands = COMMANDS.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = COMMANDS.map(({ name, words, options }) => {
    const specs = options.map(zshOption);
    if (words.length > 0) specs.push(quoted(`1:shell:(${words.join(' ')})`));
    return `    ${name}) _arguments ${specs.join(' ')} ;;`;
  });
  return `#compdef mqttrep
# mqttrep completion for zsh: source <(mqttrep completion zsh), after compinit
_mqttrep() {
  local context state state_descr line curcontext="$curcontext"
  typeset -A opt_args
  local -a commands
  commands=(
${commands.join('\n')}
  )
  _arguments -C ${TOP.map(zshOption).join(' ')} '1:command:->command' '*::option:->option'
  case $state in
  command) _describe -t commands command commands ;;
  option)
    case $line[1] in
${cases.join('\n')}
    esac
    ;;
  esac
}
if [[ $funcstack[1] == _mqttrep ]]; then
  _mqttrep "$@"
else
  compdef _mqttrep mqttrep
fi
`;
}

function zshOption(option: Option): string {
  const { short, value, summary } = optionSpec(option);
  const argument = value === undefined ? '' : `:${value}:${value === 'FILE' ? '_files' : ''}`;
  const [description, name] = [`[${summary}]${argument}`, long(option)];
  if (short === undefined) return quoted(`${name}${description}`);
  return `'(-${short} ${name})'{-${short},${name}}${quoted(description)}`;
}

// ── fish ─────────────────────────────────────────────────────────────────────────────────────────────

function fishScript(): string {
  const names = COMMANDS.map(({ name }) => name).join(' ');
  const none = `not __fish_seen_subcommand_from ${names}`;
  const lines = COMMANDS.flatMap(({ name, summary, words, options }) => {
    const seen = `__fish_seen_subcommand_from ${name}`;
    return [
      `complete -c mqttrep -n ${quoted(none)} -a ${name} -d ${quoted(summary)}`,
      ...words.map(word => `complete -c mqttrep -n ${quoted(seen)} -a ${word}`),
      ...options.map(option => fishOption(option, seen)),
    ];
  });
  return `# mqttrep completion for fish: mqttrep completion fish | source
complete -c mqttrep -f
${[...lines, ...TOP.map(option => fishOption(option, none))].join('\n')}
`;
}

function fishOption(option: Option, condition: string): string {
  const { short, value, summary } = optionSpec(option);
  const names = `${short === undefined ? '' : `-s ${short} `}-l ${option}`;
  const argument = value === undefined ? '' : value === 'FILE' ? ' -r -F' : ' -x';
  return `complete -c mqttrep -n ${quoted(condition)} ${names}${argument} -d ${quoted(summary)}`;
}

/** For a shell, as one word. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
