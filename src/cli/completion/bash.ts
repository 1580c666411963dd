/** The completion for bash. Needs nothing but bash: not the bash-completion package either. */
import type {
  Candidates,
  CompletedOption,
  CompletedProgram,
  CompletedVerb,
} from './completed-program.js';

export function bash({ options, verbs, tunables }: CompletedProgram): string {
  const all = [{ name: '', summary: '', arguments: [], options }, ...verbs];
  return `# bash completion of ksmd, printed by 'ksmd completion bash'

# Each of the functions below sets REPLY: to words, or to @ and where they are to be had. Status 1:
# to nothing.

_ksmd_options() {
    case $1 in
${all.map(optionsCase).join('\n')}
        *) return 1 ;;
    esac
}

_ksmd_value_of_option() {
    case "$1 $2" in
${all.flatMap(valueCases).join('\n')}
        *) return 1 ;;
    esac
}

_ksmd_argument() {
    case "$1 $2" in
${verbs.flatMap(argumentCases).join('\n')}
        *) return 1 ;;
    esac
}

_ksmd_value_of_tunable() {
    case $1 in
${tunables
  .filter(({ values }) => values.length > 0)
  .map(({ name, values }) => `        ${name}) REPLY='${values.join(' ')}' ;;`)
  .join('\n')}
        *) return 1 ;;
    esac
}

# The first column of what the daemon lists; nothing if there is none, or if it does not answer
# soon.
_ksmd_ask() {
    REPLY=$(timeout 5 ksmd "$1" \${2:+--socket "$2"} 2>/dev/null | tail -n +2 | cut -d ' ' -f 1)
}

_ksmd() {
    local words=() word option='' verb='' place=1 socket='' prefix='' tunable='' REPLY='' i
    COMPREPLY=()
    # Where readline ends a word at = or :, one goes on here.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=\${COMP_WORDS[i]}
        if ((i > 1)) && [[ $word == [=:]* || \${COMP_WORDS[i - 1]} == [=:] ]]; then
            words[\${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
    done
    local last=$((\${#words[@]} - 1))
    for ((i = 0; i < last; i++)); do
        word=\${words[i]}
        if [[ $option ]]; then
            [[ $option == --socket ]] && socket=$word
            option=''
        elif [[ $word == --*=* ]]; then
            [[ $word == --socket=* ]] && socket=\${word#*=}
        elif [[ $word == -* ]]; then
            _ksmd_value_of_option "$verb" "$word" && option=$word
        elif [[ -z $verb ]]; then
            verb=$word
        else
            ((place++))
        fi
    done
    word=\${words[last]}
    # A file's name may hold one.
    local colon=\${word%"\${word##*:}"}
    if [[ $option ]]; then
        _ksmd_value_of_option "$verb" "$option" || return
    elif [[ $word == --*=* ]]; then
        _ksmd_value_of_option "$verb" "\${word%%=*}" || return
        prefix=\${word%%=*}=
    elif [[ $word == -* ]]; then
        _ksmd_options "$verb" || return
    elif [[ -z $verb ]]; then
        REPLY='${verbs.map(({ name }) => name).join(' ')}'
    else
        _ksmd_argument "$verb" "$place" || return
    fi
    word=\${word#"$prefix"}
    if [[ $REPLY == @assignments && $word == *=* ]]; then
        tunable=\${word%%=*}
        prefix+=$tunable=
        word=\${word#"$tunable="}
    fi
    case $REPLY in
        @files) compopt -o filenames 2>/dev/null ;;
        @guests) _ksmd_ask guests "$socket" ;;
        @workloads) _ksmd_ask ps "$socket" ;;
        @assignments)
            if [[ $tunable ]]; then
                _ksmd_value_of_tunable "$tunable" || return
            else
                compopt -o nospace 2>/dev/null
                REPLY='${tunables.map(({ name }) => `${name}=`).join(' ')}'
            fi
            ;;
    esac
    [[ $COMP_WORDBREAKS == *=* ]] && prefix=''
    if [[ $REPLY == @files ]]; then
        mapfile -t COMPREPLY < <(compgen -P "$prefix" -f -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$REPLY" -- "$word")
    fi
    [[ $COMP_WORDBREAKS == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"$colon"}")
}

complete -F _ksmd ksmd`;
}

function longFlag({ flags }: CompletedOption): string {
  return flags.at(-1) ?? '';
}

function optionsCase({ name, options }: Pick<CompletedVerb, 'name' | 'options'>): string {
  return `        '${name}') REPLY='${options.map(longFlag).join(' ')}' ;;`;
}

function valueCases(verb: CompletedVerb): string[] {
  return verb.options.flatMap(({ flags, value }) => {
    if (value === undefined) return [];
    const patterns = flags.map((flag) => `'${verb.name} ${flag}'`).join(' | ');
    return `        ${patterns}) REPLY='${reply(value.candidates)}' ;;`;
  });
}

function argumentCases(verb: CompletedVerb): string[] {
  return verb.arguments.map(({ variadic, candidates }, index) => {
    const place = variadic ? `'${verb.name} '*` : `'${verb.name} ${index + 1}'`;
    return `        ${place}) REPLY='${reply(candidates)}' ;;`;
  });
}

function reply(candidates: Candidates): string {
  if (typeof candidates !== 'string') return candidates.join(' ');
  return candidates === 'nothing' ? '' : `@${candidates}`;
}
