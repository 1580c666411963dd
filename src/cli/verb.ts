/**
 * What a verb of the command line is: one entry of the command table, from which commander's
 * commands, the help and README's list follow.
 */
import type { Argument, Option } from 'commander';
import type { Client } from '../client/client.js';

/** Where a verb runs: its daemon, and where it prints. */
export interface Session {
  readonly client: Client;
  /** --json was given. */
  readonly json: boolean;
  /** A line, or several, on standard output. */
  print(text: string): void;
  printJson(value: unknown): void;
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
  /** The exit status, 0 if it says nothing. */
  readonly run: (
    session: Session,
    values: readonly unknown[],
    options: object,
  ) => Promise<number | undefined>;
}

type Optional = 'details' | 'arguments' | 'options' | 'json' | 'socket' | 'hints' | 'exitStatuses';

/**
 * A verb whose arguments and options have the types that its own parsers give them; commander hands
 * them on unchanged.
 */
export function verb<Values extends readonly unknown[], Options extends object>(
  definition: Omit<Verb, 'run' | Optional> &
    Partial<Pick<Verb, Optional>> & {
      readonly run: (
        session: Session,
        values: Values,
        options: Options,
      ) => Promise<number | undefined>;
    },
): Verb {
  return {
    details: [],
    arguments: [],
    options: [],
    json: false,
    socket: true,
    hints: {},
    exitStatuses: {},
    ...definition,
    run: definition.run as Verb['run'],
  };
}
