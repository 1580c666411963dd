/** The command line: calls one verb, and ends with its exit status. */
import { CommanderError } from 'commander';
import { socketPath } from '../protocol/socket-path.js';
import { FAILED, failureOf, WRONG_COMMAND_LINE } from './failures.js';
import { type CommonOptions, createProgram } from './program.js';
import { assertWritten, isOfOutput, watchOutput } from './terminal/lost-output.js';
import { complain, print, printStyled } from './terminal/output.js';
import type { Session, Verb } from './verb.js';

watchOutput((failure) => {
  if (failure !== undefined) complain(failure.line);
  process.exit(failure === undefined ? 0 : FAILED);
});
const program = createProgram(call);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : WRONG_COMMAND_LINE;
}

async function call(verb: Verb, values: readonly unknown[], options: CommonOptions): Promise<void> {
  // Loaded here, as the verb is: help and version need neither.
  const { Client } = await import('../client/client.js');
  const client = new Client(socketPath(options.socket));
  const session: Session = {
    client,
    program,
    json: options.json ?? false,
    print,
    printStyled,
    printJson: (value) => print(JSON.stringify(value)),
  };
  try {
    const { action } = await verb.load();
    process.exitCode = (await action(session, values, options)) ?? 0;
    await assertWritten();
  } catch (error) {
    const { exitStatus, line } = failureOf(error, isOfOutput(error) ? {} : verb.hints);
    complain(line);
    process.exitCode = exitStatus;
  } finally {
    client.close();
  }
}
