/**
 * npm run files: the kernel's files as scripts and programs use them, of a mount and of a picture.
 * Exit status 1 if the mount loses a write, shows something old, or does not tell a writer what is
 * refused; and where none can be had.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { SYSFS_CARRIERS, type SysfsCarrier } from '../src/names.js';
import { begin, byTurns } from './files/latencies.js';
import { rounds } from './files/rounds.js';
import { LoadedDaemon } from './load/daemon.js';

/** An hour's reads in a minute. */
const TIMES = 60;

const program = new Command('files')
  .description(
    'Unmerges by the files again and again; reads them as node_exporter, ksmtuned and a shell do.',
  )
  .option('--rounds <n>', 'how often everything is unmerged', Number, 1000)
  .option('--seconds <n>', 'how long the readers read, at 60 times their pace', Number, 60)
  .option('--picture-rounds <n>', 'the same on the picture, where a round is slow', Number, 100);
program.parse();
const options = program.opts<{ rounds: number; seconds: number; pictureRounds: number }>();

const folder = mkdtempSync(join(tmpdir(), 'ksmd-files-'));
const sysfs = join(folder, 'sys');

async function withDaemon<T>(
  as: SysfsCarrier,
  task: (daemon: LoadedDaemon) => Promise<T>,
): Promise<T> {
  const daemon = await LoadedDaemon.start([
    '--memory',
    '256MiB',
    '--run',
    '0',
    '--sysfs',
    sysfs,
    '--sysfs-as',
    as,
  ]);
  try {
    return await task(daemon);
  } finally {
    await daemon.stop();
  }
}

let isRight = true;
try {
  for (const as of SYSFS_CARRIERS) {
    const count = as === 'mount' ? options.rounds : options.pictureRounds;
    const tally = await withDaemon(as, (daemon) => rounds(daemon, sysfs, count));
    console.log(
      `${as}: of ${tally.rounds} unmerges ${tally.lost} lost, ${tally.old} read old; ` +
        `${tally.behind} times pages_sharing behind full_scans; ${tally.told} of ` +
        `${tally.rounds} refusals told to the writer`,
    );
    if (as === 'mount')
      isRight = tally.lost + tally.old + tally.behind === 0 && tally.told === tally.rounds;
  }
  const pace = { seconds: options.seconds, times: TIMES };
  for (const as of SYSFS_CARRIERS) {
    await withDaemon(as, async (daemon) => {
      console.log(`${as}: status answered (median, 99 of 100, all), while`);
      await begin(daemon);
      for (const [what, latencies] of await byTurns(daemon, sysfs, pace)) {
        console.log(`  ${what}: ${latencies}`);
        if (latencies.failed > 0) isRight = false;
      }
    });
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = isRight ? 0 : 1;
