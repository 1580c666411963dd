/** The command line: commander's commands made from the table, one run of one verb, and its exit status. */
import { Command, CommanderError, Option } from 'commander';
import { socketPath } from '../api/socket-path.js';
import { Client } from '../client/client.js';
import { VERSION } from '../version.js';
import { VERBS } from './commands.js';
import { failureOf, WRONG_COMMAND_LINE } from './failures.js';
import type { Session, Verb } from './verb.js';

/** A reader that has seen enough (`ksmd guests | head -1`) is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const program = new Command('ksmd')
  .description("Simulates Linux's Kernel Samepage Merging: a daemon that owns guest memory and merges it as the kernel does.")
  .version(VERSION)
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'ksmd: ')) })
  .showHelpAfterError("('--help' shows how)")
  .exitOverride();
for (const verb of VERBS) program.addCommand(command(verb));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : WRONG_COMMAND_LINE;
}

function command(verb: Verb): Command {
  const made = new Command(verb.name)
    .summary(verb.summary)
    .description([`${verb.summary[0]?.toUpperCase()}${verb.summary.slice(1)}.`, ...verb.details].join('\n\n'))
    .copyInheritedSettings(program)
    .addHelpText('after', `\nFor example:\n${verb.examples.map((example) => `  ${example}`).join('\n')}`);
  for (const argument of verb.arguments) made.addArgument(argument);
  for (const option of verb.options) made.addOption(option);
  if (verb.json) made.addOption(new Option('--json', 'print JSON'));
  if (verb.socket) made.addOption(new Option('--socket <path>', "the daemon's socket (default: KSMD_SOCKET, else the user's own)"));
  return made.action(() => run(verb, made.processedArgs, made.opts()));
}

async function run(verb: Verb, values: readonly unknown[], options: { readonly json?: true; readonly socket?: string }): Promise<void> {
  const client = new Client(socketPath(options.socket));
  const print = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const session: Session = { client, json: options.json ?? false, print, printJson: (value) => print(JSON.stringify(value)) };
  try {
    process.exitCode = (await verb.run(session, values, options)) ?? 0;
  } catch (error) {
    const { exitStatus, line } = failureOf(error, verb.hints);
    process.stderr.write(`ksmd: ${line}\n`);
    process.exitCode = exitStatus;
  } finally {
    client.close();
  }
}
