/**
 * An installed ksmd at work under one Node: a program that simulates, a daemon of the installed
 * command, a program that asks it, and the command line's smoke. Tells what each printed; rejects
 * if one fails, or has anything to say on standard error.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoadedDaemon } from '../load/daemon.js';
import type { Installation } from './installation.js';

/** Of each room of the command line at least one verb, in an order in which they work. */
const VERBS = [
  '--version',
  'status',
  'ksmpages carol --best --size 1MiB',
  'set smart_scan=0',
  'scan --pages 1000 --times 2',
  'get pages_sharing',
  'guests carol',
  'read carol 0x100000000 16',
  'top --once',
  'free',
  'check',
  'snapshot image.ksmd',
  'replay scenario.json',
  'run dirty --guest dave --size 1MiB',
  'ps',
] as const;

/** What a kernel would read after it: nothing yet. */
const SCENARIO = {
  ops: [
    { op: 'guest', guest: 'a' },
    { op: 'region', guest: 'a', region: 'r', addr: '0x100000000', pages: 2 },
    { op: 'scan', pages: 10 },
  ],
};

export interface Printed {
  readonly simulation: string;
  readonly client: string;
  /** By the command line without `ksmd`. */
  readonly verbs: ReadonlyMap<string, string>;
}

/** The programs must be compiled. */
export async function tryUnder(nodeJs: string, installation: Installation): Promise<Printed> {
  writeFileSync(join(installation.folder, 'scenario.json'), JSON.stringify(SCENARIO));
  const simulation = await installation.program(nodeJs, 'merge');
  const ksmd = installation.ksmd(nodeJs);
  const daemon = await LoadedDaemon.start(['--memory', '64MiB', '--run', '0'], ksmd);
  try {
    const client = await installation.program(nodeJs, 'ask', daemon.socketPath);
    const verbs = new Map<string, string>();
    for (const verb of VERBS) {
      const args = [`KSMD_SOCKET=${daemon.socketPath}`, ...ksmd, ...verb.split(' ')];
      verbs.set(verb, await installation.run('env', args));
    }
    return { simulation, client, verbs };
  } finally {
    await daemon.stop();
  }
}
