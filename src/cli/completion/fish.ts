/** The completion for fish. */
import type {
  Candidates,
  CompletedOption,
  CompletedProgram,
  CompletedTunable,
  CompletedVerb,
} from './completed-program.js';

export function fish({ options, verbs, tunables }: CompletedProgram): string {
  return `# fish completion of ksmd, printed by 'ksmd completion fish'

# The first column of what the daemon lists; nothing if there is none, or if it does not answer
# soon.
function __ksmd_ask
    set -l words (commandline -opc)
    set -l socket
    if set -l at (contains -i -- --socket $words)
        set socket --socket $words[(math $at + 1)]
    end
    timeout 5 ksmd $argv[1] $socket 2>/dev/null | tail -n +2 | cut -d ' ' -f 1
end

function __ksmd_no_verb
    test (count (commandline -opc)) -eq 1
end

function __ksmd_verb
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]
end

# Whether an argument of the verb is to come, and which: verb, place, or 'any' place, and the
# verb's options that take a value.
function __ksmd_argument
    __ksmd_verb $argv[1]; or return 1
    set -l words (commandline -opc)
    set -l place 1
    set -l skip no
    for word in $words[3..]
        if test $skip = yes
            set skip no
        else if contains -- $word $argv[3..]
            set skip yes
        else if not string match -q -- '-*' $word
            set place (math $place + 1)
        end
    end
    test $argv[2] = any; or test $argv[2] = $place
end

complete -c ksmd -f
${options.map((option) => optionLine('__ksmd_no_verb', option, tunables)).join('\n')}
${verbs.map(verbLine).join('\n')}
${verbs.flatMap((verb) => verbLines(verb, tunables)).join('\n')}`;
}

function verbLine({ name, summary }: CompletedVerb): string {
  return `complete -c ksmd -n __ksmd_no_verb -a ${name} -d ${quoted(summary)}`;
}

function verbLines(verb: CompletedVerb, tunables: readonly CompletedTunable[]): string[] {
  const valued = verb.options.flatMap(({ flags, value }) => (value === undefined ? [] : flags));
  const argumentLines = verb.arguments.flatMap(({ variadic, candidates }, index) => {
    const condition = ['__ksmd_argument', verb.name, variadic ? 'any' : index + 1, ...valued].join(
      ' ',
    );
    const values = candidatesOf(candidates, tunables);
    return values === '' ? [] : `complete -c ksmd -n ${quoted(condition)}${values}`;
  });
  return [
    ...verb.options.map((option) =>
      optionLine(quoted(`__ksmd_verb ${verb.name}`), option, tunables),
    ),
    ...argumentLines,
  ];
}

function optionLine(
  condition: string,
  { flags, summary, value }: CompletedOption,
  tunables: readonly CompletedTunable[],
): string {
  const names = flags
    .map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
    .join(' ');
  // -r takes files as well, unless -x says otherwise.
  const values =
    value === undefined
      ? ''
      : ` ${value.candidates === 'files' ? '-r' : '-x'}${candidatesOf(value.candidates, tunables)}`;
  return `complete -c ksmd -n ${condition} ${names}${values} -d ${quoted(summary)}`;
}

function candidatesOf(candidates: Candidates, tunables: readonly CompletedTunable[]): string {
  switch (candidates) {
    case 'files':
      return ' -F';
    case 'guests':
      return " -a '(__ksmd_ask guests)'";
    case 'workloads':
      return " -a '(__ksmd_ask ps)'";
    case 'assignments':
      return ` -a ${quoted(tunables.flatMap(assignments).join(' '))}`;
    case 'nothing':
      return '';
    default:
      return ` -a ${quoted(candidates.join(' '))}`;
  }
}

function assignments({ name, values }: CompletedTunable): string[] {
  return values.length === 0 ? [`${name}=`] : values.map((value) => `${name}=${value}`);
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
