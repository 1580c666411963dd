/**
 * commander's commands, made from the table. Parses and runs nothing by itself: the command line,
 * the completions and the man pages follow from it.
 */
import { Command, Option } from 'commander';
import { printableLines } from '../printable.js';
import { VERSION } from '../version.js';
import { VERB_GROUPS } from './commands.js';
import { parseChoice } from './values.js';
import type { Verb } from './verb.js';

export interface CommonOptions {
  readonly json?: true;
  readonly socket?: string;
}

export type CallVerb = (
  verb: Verb,
  values: readonly unknown[],
  options: CommonOptions,
) => Promise<void>;

export function createProgram(call: CallVerb): Command {
  const program = new Command('ksmd')
    .description(
      "Simulates Linux's Kernel Samepage Merging: a daemon that owns guest memory and " +
        'merges it as the kernel does.',
    )
    .version(VERSION)
    .configureOutput({
      outputError: (text, write) => write(printableLines(text.replace(/^error: /, 'ksmd: '))),
    })
    .showHelpAfterError("('--help' shows how)")
    .exitOverride();
  for (const { heading, verbs } of VERB_GROUPS) {
    program.commandsGroup(`${heading}:`);
    for (const verb of verbs) program.addCommand(command(program, verb, call));
  }
  // Under the last heading, rather than under one of its own.
  program.helpCommand(true);
  return program;
}

function command(program: Command, verb: Verb, call: CallVerb): Command {
  const made = new Command(verb.name)
    .summary(verb.summary)
    .description(
      [`${verb.summary[0]?.toUpperCase()}${verb.summary.slice(1)}.`, ...verb.details].join('\n\n'),
    )
    .copyInheritedSettings(program)
    .addHelpText(
      'after',
      `\nFor example:\n${verb.examples.map((example) => `  ${example}`).join('\n')}`,
    );
  for (const argument of verb.arguments) made.addArgument(argument);
  for (const option of verb.options) made.addOption(option);
  // commander tells of commands and options what was meant, of choices it does not.
  for (const each of [...verb.arguments, ...verb.options])
    if (each.argChoices !== undefined) each.argParser(parseChoice(each.argChoices));
  if (verb.json) made.addOption(new Option('--json', 'print JSON'));
  if (verb.socket)
    made.addOption(
      new Option(
        '--socket <path>',
        "the daemon's socket (default: KSMD_SOCKET, else the user's own)",
      ),
    );
  return made.action(() => call(verb, made.processedArgs, made.opts()));
}
