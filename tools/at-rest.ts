/**
 * npm run at-rest: processes whose memory lies in huge pages, to rest under the running kernel's
 * KSM and under ksmd, on the same bytes and with the same settings, khugepaged standing still. Exit
 * status 1 if a figure differs by more than it may.
 *
 * Root, as it drives the kernel's KSM; what it sets is put back. Processes of one's own are named
 * by --pid (a virtual machine of QEMU's, say): what they have advised mergeable is compared, and
 * they must stand still meanwhile. Without any, three are made, which hold files of this machine.
 */
import { Command } from 'commander';
import { invalid } from './at-rest/arguments.js';
import { figuresOfKernel, ScannedKernel } from './at-rest/kernel-side.js';
import { figuresOfKsmd, registerMergeable } from './at-rest/ksmd-side.js';
import { Specimens } from './at-rest/specimens.js';
import { LoadedDaemon } from './load/daemon.js';
import { QuietHugePages } from './record/huge-pages.js';
import { whyNoKernel } from './record/kernel-at-hand.js';

const FIGURES = ['pages_shared', 'pages_sharing', 'rmap items', 'Rss', 'huge pages'] as const;

const program = new Command('at-rest')
  .description('Holds what ksmd says of processes in huge pages against the running kernel.')
  .option(
    '--pid <pids...>',
    'processes whose mergeable memory is compared',
    (pid, before: number[] = []) => [
      ...before,
      Number.parseInt(pid, 10) || invalid(`'${pid}' is no process`),
    ],
  )
  .option('--mib <n>', 'without --pid: MiB of each of the three processes', Number, 96)
  .option('--within <percent>', 'how far a figure may be off', Number, 0.5)
  .option('--smart-scan <0|1>', 'smart_scan on both sides', Number, 1)
  .option('--memory <size>', 'memory of the daemon', '3GiB');
program.parse();
const options = program.opts<{
  pid?: number[];
  mib: number;
  within: number;
  smartScan: number;
  memory: string;
}>();

const reason = whyNoKernel();
if (reason !== undefined && options.pid === undefined) {
  console.error(`at-rest: ${reason}`);
  process.exit(1);
}

const specimens = options.pid === undefined ? await Specimens.make(options.mib) : undefined;
const pids = options.pid ?? specimens?.pids ?? [];
const quiet = new QuietHugePages();
const kernel = new ScannedKernel(options.smartScan);
let worst = 0;
try {
  const daemon = await LoadedDaemon.start([
    ...['--memory', options.memory, '--run', '0', '--set', `smart_scan=${options.smartScan}`],
    ...['--set', 'khugepaged/scan_sleep_millisecs=4294967295'],
  ]);
  for (const pid of pids) await registerMergeable(daemon.client, pid);
  const scans = await kernel.toRest();
  for (let scan = 0; scan < scans; scan++) await daemon.client.scan(2 ** 31 - 1);
  const ofKernel = figuresOfKernel(kernel, pids);
  const ofKsmd = await figuresOfKsmd(daemon.client, pids);
  console.log(`${pids.length} processes, at rest after ${scans} full scans`);
  for (const figure of FIGURES) {
    const [theirs, ours] = [ofKernel[figure], ofKsmd[figure]];
    const off = theirs === ours ? 0 : (Math.abs(ours - theirs) / Math.max(theirs, 1)) * 100;
    worst = Math.max(worst, off);
    console.log(
      `${figure.padEnd(14)} kernel ${theirs.toLocaleString('en').padStart(10)}   ` +
        `ksmd ${ours.toLocaleString('en').padStart(10)}   off by ${off.toFixed(3)} %`,
    );
  }
  const disagreements = await daemon.client.check();
  for (const sentence of disagreements) console.log(sentence);
  if (disagreements.length > 0) worst = Number.POSITIVE_INFINITY;
  await daemon.stop();
} finally {
  kernel.close();
  quiet.close();
  await specimens?.close();
}
process.exitCode = worst <= options.within ? 0 : 1;
