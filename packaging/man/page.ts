/**
 * The manual's pages, made from the command table and from commander's commands: ksmd(1), and one
 * for each verb.
 *
 * Pure: the same table, version and date give the same pages.
 */
import type { Command, Help, Option } from 'commander';
import { VERB_GROUPS, VERBS } from '../../src/cli/commands.js';
import { FAILED, WRONG_COMMAND_LINE } from '../../src/cli/failures.js';
import { createProgram } from '../../src/cli/program.js';
import type { Verb } from '../../src/cli/verb.js';
import { FATAL } from '../../src/daemon/fatal.js';
import { VERSION } from '../../src/version.js';
import {
  bold,
  italic,
  item,
  literal,
  paragraphs,
  section,
  subsection,
  text,
  verbatim,
} from './roff.js';

export interface Page {
  /** `ksmd-start.1` */
  readonly file: string;
  readonly roff: string;
}

const EXIT_STATUSES: Readonly<Record<number, string>> = {
  0: 'Done.',
  [FAILED]: 'Failed: one line on standard error begins with the errno name.',
  [WRONG_COMMAND_LINE]: 'Wrong command line.',
};

const SOCKET_ENVIRONMENT = [
  ...item(bold('KSMD_SOCKET'), "The daemon's socket, where --socket does not say."),
  ...item(
    bold('XDG_RUNTIME_DIR'),
    'Where the socket is looked for, in ksmd/ksmd.sock, where KSMD_SOCKET does not say either.',
  ),
];

const SOCKET_FILES = [
  ...item(
    italic('/run/ksmd/ksmd.sock'),
    "The socket of root's daemon, and of one that the system runs.",
  ),
  ...item(
    italic('/tmp/ksmd-UID/ksmd.sock'),
    'The socket of any other user without XDG_RUNTIME_DIR.',
  ),
];

/** `date` is that of the pages: 2026-01-31. */
export function manual(date: string): readonly Page[] {
  const program = createProgram(async () => {});
  const help = program.createHelp();
  return [
    overview(program, help, date),
    ...VERBS.map((verb) => verbPage(verb, commandOf(program, verb), help, date)),
  ];
}

function commandOf(program: Command, verb: Verb): Command {
  const command = program.commands.find((made) => made.name() === verb.name);
  if (command === undefined) throw new Error(`commander has no command '${verb.name}'`);
  return command;
}

function overview(program: Command, help: Help, date: string): Page {
  const fatal = Object.values(FATAL).map(
    ({ exitStatus, meaning }) => [exitStatus, `Of ksmd start: ${meaning}.`] as const,
  );
  return page('ksmd', date, [
    ...section('NAME', [`ksmd \\- ${text('Kernel Samepage Merging, simulated in userspace')}`]),
    ...section(
      'SYNOPSIS',
      synopsis('ksmd', [
        italic('command'),
        `[${italic('option')}]...`,
        `[${italic('argument')}]...`,
      ]),
    ),
    ...section('DESCRIPTION', [
      ...paragraphs([
        program.description(),
        'The daemon, ksmd start, owns the memory of simulated guests, finds identical ' +
          "pages as Linux's own ksmd does, and maps them to one write-protected frame. The " +
          'other commands talk to it through a Unix socket. Counters and tunables are those ' +
          'of /sys/kernel/mm/ksm.',
      ]),
    ]),
    ...section('OPTIONS', options(program, help)),
    ...section(
      'COMMANDS',
      VERB_GROUPS.flatMap(({ heading, verbs }) => [
        ...subsection(heading),
        ...verbs.flatMap(({ name, summary }) =>
          item(`${bold(`ksmd-${name}`)}(1)`, sentence(summary)),
        ),
      ]),
    ),
    ...section('EXIT STATUS', exitStatuses([...Object.entries(EXIT_STATUSES), ...fatal])),
    ...section('ENVIRONMENT', SOCKET_ENVIRONMENT),
    ...section('FILES', SOCKET_FILES),
    ...section(
      'EXAMPLES',
      ['start', 'register', 'status'].flatMap((name) =>
        examples(VERBS.find((verb) => verb.name === name)),
      ),
    ),
    ...section('SEE ALSO', seeAlso(VERBS.map(({ name }) => `ksmd-${name}`))),
  ]);
}

function verbPage(verb: Verb, command: Command, help: Help, date: string): Page {
  const values = command.registeredArguments.map((argument) => {
    const name = italic(argument.name()) + (argument.variadic ? '...' : '');
    return argument.required ? name : `[${name}]`;
  });
  return page(`ksmd-${verb.name}`, date, [
    ...section('NAME', [`ksmd\\-${literal(verb.name)} \\- ${text(verb.summary)}`]),
    ...section('SYNOPSIS', synopsis(`ksmd ${verb.name}`, [`[${italic('option')}]...`, ...values])),
    ...section('DESCRIPTION', [
      ...paragraphs([sentence(verb.summary), ...verb.details]),
      ...help
        .visibleArguments(command)
        .flatMap((argument) =>
          item(italic(argument.name()), sentence(help.argumentDescription(argument))),
        ),
    ]),
    ...section('OPTIONS', options(command, help)),
    ...section(
      'EXIT STATUS',
      exitStatuses(Object.entries({ ...EXIT_STATUSES, ...verb.exitStatuses })),
    ),
    ...section(
      'DIAGNOSTICS',
      Object.entries(verb.hints).flatMap(([code, hint]) => item(bold(code), sentence(hint))),
    ),
    ...section('ENVIRONMENT', verb.socket ? SOCKET_ENVIRONMENT : []),
    ...section('FILES', verb.socket ? SOCKET_FILES : []),
    ...section('EXAMPLES', examples(verb)),
    ...section('SEE ALSO', seeAlso(['ksmd', ...mentionedBy(verb)])),
  ]);
}

function page(name: string, date: string, lines: readonly string[]): Page {
  const source = `"ksmd ${literal(VERSION)}" "ksmd manual"`;
  const title = `.TH ${literal(name.toUpperCase())} 1 ${date} ${source}`;
  return { file: `${name}.1`, roff: `${[title, ...lines].join('\n')}\n` };
}

/** Wrapped so that what follows the command stays behind it. */
function synopsis(command: string, values: readonly string[]): readonly string[] {
  return [`.SY ${literal(command).replace(' ', '\\ ')}`, values.join(' '), '.YS'];
}

function options(command: Command, help: Help): readonly string[] {
  return help
    .visibleOptions(command)
    .flatMap((option) => item(flags(option), sentence(help.optionDescription(option))));
}

/** `-S, --unit <unit>`, with what is typed in bold and what it stands for in italics. */
function flags({ flags }: Option): string {
  return flags
    .split(/(<[^>]*>|\[[^\]]*\]|,? +)/)
    .filter((part) => part !== '')
    .map((part) =>
      /^[<[]/.test(part) ? italic(part.slice(1, -1)) : part.startsWith('-') ? bold(part) : part,
    )
    .join('');
}

function exitStatuses(meanings: Iterable<readonly [number | string, string]>): readonly string[] {
  return [...meanings].flatMap(([status, meaning]) =>
    item(bold(String(status)), sentence(meaning)),
  );
}

function examples(verb: Verb | undefined): readonly string[] {
  return verb === undefined ? [] : verbatim(verb.examples);
}

/** The pages of the commands that its texts and examples name. */
function mentionedBy(verb: Verb): readonly string[] {
  const texts = [...verb.details, ...verb.examples, ...Object.values(verb.hints)].join('\n');
  const named = VERBS.filter(
    ({ name }) => name !== verb.name && new RegExp(`\\bksmd ${name}\\b`).test(texts),
  );
  return named.map(({ name }) => `ksmd-${name}`);
}

/** One line, with commas between. */
function seeAlso(names: readonly string[]): readonly string[] {
  return [names.map((name) => `${bold(name)}(1)`).join(', ')];
}

/**
 * A capital and a full stop, unless it has them, or begins with a name, or says first what it is
 * about.
 */
function sentence(text: string): string {
  if (text === '') return '';
  const capital = /^[a-z]+\b(?![_=(]|(?:, [a-z]+)*:)/.test(text)
    ? `${text[0]?.toUpperCase()}${text.slice(1)}`
    : text;
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
