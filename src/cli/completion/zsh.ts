/** The completion for zsh: specifications for its `_arguments`. */
import type {
  Candidates,
  CompletedArgument,
  CompletedOption,
  CompletedProgram,
  CompletedVerb,
} from './completed-program.js';

export function zsh({ options, verbs, tunables }: CompletedProgram): string {
  return `#compdef ksmd
# zsh completion of ksmd, printed by 'ksmd completion zsh'

# The first column of what the daemon lists; nothing if there is none, or if it does not answer
# soon.
_ksmd_ask() {
    local -a names socket
    [[ -n \${opt_args[--socket]} ]] && socket=(--socket \${(Q)opt_args[--socket]})
    names=(\${(f)"$(timeout 5 ksmd $1 $socket 2>/dev/null | tail -n +2 | cut -d ' ' -f 1)"})
    compadd -a names
}

_ksmd_guests() { _ksmd_ask guests }

_ksmd_workloads() { _ksmd_ask ps }

_ksmd_assignments() {
    if [[ $PREFIX != *=* ]]; then
        compadd -S '' -- ${tunables.map(({ name }) => `${name}=`).join(' ')}
        return
    fi
    local name=\${PREFIX%%=*}
    compset -P '*='
    case $name in
${tunables
  .filter(({ values }) => values.length > 0)
  .map(({ name, values }) => `        ${name}) compadd -- ${values.join(' ')} ;;`)
  .join('\n')}
    esac
}

_ksmd() {
    local curcontext=$curcontext state line
    local -a verbs
    typeset -A opt_args
    _arguments -C ${options.map(specification).join(' ')} '1:command:->verb' '*::argument:->rest'
    case $state in
        verb)
            verbs=(
${verbs.map(({ name, summary }) => `                ${quoted(`${name}:${summary}`)}`).join('\n')}
            )
            _describe command verbs
            ;;
        rest)
            case $line[1] in
${verbs.map(verbCase).join('\n')}
            esac
            ;;
    esac
}

if [[ $funcstack[1] == _ksmd ]]; then _ksmd "$@"; else compdef _ksmd ksmd; fi`;
}

function verbCase(verb: CompletedVerb): string {
  const specifications = [...verb.options.map(specification), ...verb.arguments.map(argument)];
  return `                ${verb.name}) _arguments ${specifications.join(' ')} ;;`;
}

function specification({ flags, summary, value }: CompletedOption): string {
  const [first = '', second] = flags.map((flag) =>
    value === undefined ? flag : flag.startsWith('--') ? `${flag}=` : `${flag}+`,
  );
  const rest = quoted(
    `[${summary.replace(/[[\]\\:]/g, '\\$&')}]${value === undefined ? '' : `:${action(value)}`}`,
  );
  return second === undefined
    ? `${first}${rest}`
    : `'(${flags.join(' ')})'{${first},${second}}${rest}`;
}

function argument(value: CompletedArgument, index: number): string {
  return quoted(`${value.variadic ? '*' : index + 1}:${action(value)}`);
}

function action({
  name,
  candidates,
}: {
  readonly name: string;
  readonly candidates: Candidates;
}): string {
  const from = typeof candidates === 'string' ? ACTIONS[candidates] : `(${candidates.join(' ')})`;
  return `${name.replace(/[:\\]/g, '\\$&')}:${from}`;
}

const ACTIONS = {
  files: '_files',
  guests: '_ksmd_guests',
  workloads: '_ksmd_workloads',
  assignments: '_ksmd_assignments',
  // Says what is wanted, and has no candidates for it.
  nothing: ' ',
} as const;

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
