/**
 * `ksmd profile`: where the scanner thread's time goes, as a table of symbols and as a file that
 * Chrome's DevTools open.
 */
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import { SYMBOL_HEAD, type SymbolTable, symbolLine, symbolTable } from '../../../hotspots/table.js';
import type { CpuProfile } from '../../../protocol/routes/profile.js';
import { count, duration, percent } from '../../../wording/amounts.js';
import type { Action } from '../../verb.js';
import { type FileKind, writeWhole } from '../record/whole-file.js';

/** As V8 has it, ours or another program's. */
const PROFILE: FileKind = {
  what: 'profile',
  mode: 0o600,
  isBegunBy: (head) => /^\{"nodes":\[\{"id":\d+,"callFrame":/.test(head),
};
/** Lines of the table for people. */
const LINES = 40;

export const action: Action<[], { readonly seconds: number; readonly output?: string }> = async (
  { client, json, print, printJson },
  _values,
  { seconds, output },
) => {
  const taken =
    output === undefined ? await take(client, seconds) : await takeInto(output, client, seconds);
  const table = symbolTable(taken);
  if (json) printJson(table);
  else print(...inWords(table));
  return undefined;
};

function takeInto(path: string, client: Client, seconds: number): Promise<CpuProfile> {
  return writeWhole(path, PROFILE, async (file) => {
    const taken = await take(client, seconds);
    await file.writeFile(JSON.stringify(taken));
    return taken;
  });
}

/**
 * KsmdError at Ctrl-C. The daemon switches the profiler off as the connection ends; a second one
 * kills as ever.
 */
async function take(client: Client, seconds: number): Promise<CpuProfile> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    return await client.profile(seconds, interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    throw new KsmdError(
      'EINTR',
      'interrupted: the profile is given up, and the profiler is off; choose fewer ' +
        '--seconds for a shorter one',
    );
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function inWords(table: SymbolTable): string[] {
  const { samples, idleShare, symbols } = table;
  const shown = symbols.slice(0, LINES);
  const rest = symbols.slice(LINES).reduce((sum, symbol) => sum + symbol.samples, 0);
  const idle = idleShare === 0 ? 'never idle' : `idle in ${percent(idleShare)} of them`;
  return [
    `the scanner thread for ${duration(table.seconds * 1000)}: ` +
      `${count(samples, 'sample')}, ${idle}`,
    SYMBOL_HEAD,
    ...shown.map(symbolLine),
    ...(rest === 0
      ? []
      : [
          `${count(rest, 'sample')} more in ${count(symbols.length - LINES, 'symbol')}: ` +
            '--json has them all',
        ]),
  ];
}
