/**
 * What can stand where on a command line, as commander has it: verbs, their options, and where the
 * candidates for a value come from.
 *
 * An argument or an option says by its choices or by the name of its value what it takes. So a verb
 * that is added to the table is completed, too.
 */
import type { Argument, Command, Option } from 'commander';
import { KHUGEPAGED_COUNTER_NAMES, KHUGEPAGED_TUNABLE_NAMES } from '../../khugepaged/tunables.js';
import { COUNTER_NAMES } from '../../ksm/records/counter-records.js';
import { TUNABLE_NAMES } from '../../ksm/records/tunable-records.js';
import { tunableChoices } from '../../ksm/tunables.js';
import { KERNELS, KHUGEPAGED } from '../../names.js';

/** The candidates themselves, or who is to be asked for them. */
export type Candidates =
  | readonly string[]
  | 'files'
  | 'guests'
  | 'workloads'
  | 'assignments'
  | 'nothing';

export interface CompletedArgument {
  readonly name: string;
  readonly variadic: boolean;
  readonly candidates: Candidates;
}

export interface CompletedOption {
  /** `-S` and `--unit`. */
  readonly flags: readonly string[];
  readonly summary: string;
  /** Undefined: it takes no value. */
  readonly value: CompletedArgument | undefined;
}

export interface CompletedVerb {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly CompletedArgument[];
  readonly options: readonly CompletedOption[];
}

export interface CompletedTunable {
  readonly name: string;
  /** Empty: more than can be listed. */
  readonly values: readonly string[];
}

export interface CompletedProgram {
  readonly options: readonly CompletedOption[];
  readonly verbs: readonly CompletedVerb[];
  readonly tunables: readonly CompletedTunable[];
}

/** Verbs whose guest must not be there yet. */
const MAKE_A_GUEST = ['register', 'ksmpages'];

export function completedProgram(program: Command): CompletedProgram {
  const commands = program.createHelp().visibleCommands(program);
  const verbs = commands.map((command) => command.name());
  const bySource: Readonly<Record<string, Candidates>> = {
    command: verbs,
    file: 'files',
    dir: 'files',
    path: 'files',
    guest: 'guests',
    id: 'workloads',
    name: [
      ...COUNTER_NAMES,
      ...TUNABLE_NAMES,
      ...khugepaged([...KHUGEPAGED_COUNTER_NAMES, ...KHUGEPAGED_TUNABLE_NAMES]),
    ],
    'name=value': 'assignments',
    version: [...KERNELS, 'host'],
  };
  const argument = (verb: string) => (given: Argument) => {
    const isNew = given.name() === 'guest' && MAKE_A_GUEST.includes(verb);
    const candidates =
      given.argChoices ?? (isNew ? 'nothing' : (bySource[given.name()] ?? 'nothing'));
    return { name: given.name(), variadic: given.variadic, candidates };
  };
  const option = (given: Option): CompletedOption => {
    const name = /[<[](.*?)(?:\.{3})?[>\]]/.exec(given.flags)?.[1];
    const flags = [given.short, given.long].filter((flag) => flag !== undefined);
    const candidates = given.argChoices ?? bySource[name ?? ''] ?? 'nothing';
    return {
      flags,
      summary: given.description,
      value: name === undefined ? undefined : { name, variadic: false, candidates },
    };
  };
  const options = (command: Command) => command.createHelp().visibleOptions(command).map(option);
  return {
    options: options(program),
    verbs: commands.map((command) => ({
      name: command.name(),
      summary: command.summary() || command.description(),
      arguments: command.registeredArguments.map(argument(command.name())),
      options: options(command),
    })),
    tunables: [
      ...TUNABLE_NAMES.map((name) => ({ name, values: tunableChoices(name) })),
      ...khugepaged(KHUGEPAGED_TUNABLE_NAMES).map((name) => ({ name, values: [] })),
    ],
  };
}

function khugepaged(names: readonly string[]): string[] {
  return names.map((name) => KHUGEPAGED + name);
}
