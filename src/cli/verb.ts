/**
 * What a verb of the command line is: one entry of the command table, from which commander's
 * commands, the help and README's list follow. What the verb does is loaded only when it is called.
 */
import type { Argument, Command, Option } from 'commander';
import type { Client } from '../client/client.js';
import type { StyledLine } from './terminal/styled.js';

/** What a verb works with: its daemon, and where it prints. */
export interface Session {
  readonly client: Client;
  /** The whole command line, for who describes it. */
  readonly program: Command;
  /** --json was given. */
  readonly json: boolean;
  /** Lines on standard output. */
  print(...lines: readonly string[]): void;
  /** A line that has styles. */
  printStyled(line: StyledLine): void;
  printJson(value: unknown): void;
}

/**
 * What a verb does with its arguments and options, which have the types that their parsers give
 * them; commander hands them on unchanged. The exit status, 0 if it says nothing.
 */
export type Action<Values extends readonly unknown[], Options extends object> = (
  session: Session,
  values: Values,
  options: Options,
) => Promise<number | undefined>;

/** The module of a verb. */
export interface VerbModule {
  // A method: each verb knows its own values and options, the table those of none.
  action(
    session: Session,
    values: readonly unknown[],
    options: object,
  ): Promise<number | undefined>;
}

export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs of the help, beyond the summary. */
  readonly details: readonly string[];
  readonly arguments: readonly Argument[];
  readonly options: readonly Option[];
  /** Command lines that work as they stand. */
  readonly examples: readonly string[];
  /** Takes --json. */
  readonly json: boolean;
  /** Takes --socket. */
  readonly socket: boolean;
  /** What to do next, by the errno name of a failure. */
  readonly hints: Readonly<Record<string, string>>;
  /**
   * What its exit statuses mean, where that is more than for every verb: 0 done, 1 failed, 2 wrong
   * command line.
   */
  readonly exitStatuses: Readonly<Record<number, string>>;
  readonly load: () => Promise<VerbModule>;
}

type Optional = 'details' | 'arguments' | 'options' | 'json' | 'socket' | 'hints' | 'exitStatuses';

/** Of verbs that replace no file, or none but of their own kind. */
export const FILE_HINTS = { EEXIST: 'name another file, or remove that one' };

/** A verb; what most have not, it need not name. */
export function verb(definition: Omit<Verb, Optional> & Partial<Pick<Verb, Optional>>): Verb {
  return {
    details: [],
    arguments: [],
    options: [],
    json: false,
    socket: true,
    hints: {},
    exitStatuses: {},
    ...definition,
  };
}
