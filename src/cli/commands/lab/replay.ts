/**
 * `ksmd replay`: plays recorded scenarios on a machine of its own and holds them against what the
 * kernel did. Needs no daemon.
 */
import { createReadStream } from 'node:fs';
import { profileOf } from '../../../conformance/player.js';
import { parseScenario, type Scenario } from '../../../conformance/scenario.js';
import { observed, type Verdict, verify } from '../../../conformance/verify.js';
import { KsmdError, systemError } from '../../../errors.js';
import { quoted } from '../../../printable.js';
import { count, size } from '../../../wording/amounts.js';
import { WRONG_COMMAND_LINE } from '../../failures.js';
import { chosenKernel, runningKernel } from '../../kernel-choice.js';
import { complain } from '../../terminal/output.js';
import type { Action, Session } from '../../verb.js';

const DIFFERS = 1;
/** A thousand times the longest recording. */
const MOST_BYTES = 64 * 1024 * 1024;

interface ReplayOptions {
  readonly kernel?: string;
  readonly print?: true;
}

export const action: Action<[string[]], ReplayOptions> = async (session, [files], options) => {
  let status = 0;
  for (const file of files) status = Math.max(status, await replayFile(session, file, options));
  return status;
};

/** The exit status that this file alone would give. */
async function replayFile(
  session: Session,
  file: string,
  { kernel, print }: ReplayOptions,
): Promise<number> {
  let text: string | undefined;
  try {
    text = await readText(file);
  } catch (error) {
    complain(systemError(error, `cannot read ${quoted(file)}`).line);
    return WRONG_COMMAND_LINE;
  }
  try {
    if (text === undefined) throw new KsmdError('EINVAL', `larger than ${size(MOST_BYTES)}`);
    const scenario = parseScenario(text);
    const profile =
      kernel === undefined ? profileOf(scenario) : chosenKernel(kernel, runningKernel).profile;
    if (print) {
      session.printJson(observed(scenario, profile));
      return 0;
    }
    const verdict = verify(scenario, profile);
    if (session.json) session.printJson(verdictAsJson(file, verdict));
    else session.print(verdictText(file, scenario, verdict));
    return verdict.difference === undefined ? 0 : DIFFERS;
  } catch (error) {
    // A step that no host can take (regions that overlap, say) makes it as little of a scenario as
    // a field that does not exist.
    if (!(error instanceof KsmdError)) throw error;
    complain(`EINVAL: ${file}: ${error.message}`);
    return WRONG_COMMAND_LINE;
  }
}

/** Undefined if it is too long for a scenario, or has no end. */
async function readText(path: string): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of createReadStream(path, { end: MOST_BYTES })) {
    chunks.push(chunk);
    length += chunk.length;
  }
  return length > MOST_BYTES ? undefined : Buffer.concat(chunks).toString();
}

function verdictText(file: string, scenario: Scenario, { difference, compared }: Verdict): string {
  if (difference === undefined)
    return (
      `${file}: agrees in ${count(compared, 'counter')} over ` +
      `${count(scenario.ops.length, 'step')}`
    );
  const { step, op, batch, what, kernel, ksmd } = difference;
  const place =
    batch === undefined ? `ops[${step}] (${op})` : `ops[${step}] (${op}), batch ${batch}`;
  return `${file}: differs at ${place}: ${what} is ${ksmd}, the kernel's ${kernel}`;
}

function verdictAsJson(file: string, { difference, compared }: Verdict): object {
  return {
    file,
    agrees: difference === undefined,
    compared,
    ...(difference === undefined ? {} : { difference }),
  };
}
