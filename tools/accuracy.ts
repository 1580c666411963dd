/**
 * npm run accuracy: what `ksmd predict` says of live programs, against what the running kernel's
 * KSM then does to them. They are captured while KSM is off and predicted; then the kernel is let
 * loose on the same processes, some times over. Root; the kernel's KSM is put back as it was.
 *
 * Exit status 1 if a prediction is farther off than it may be.
 */

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { kernelProfile } from '../src/ksm/kernels.js';
import { LibC } from '../src/libc.js';
import { predict } from '../src/predict/prediction.js';
import { calibrate } from '../src/prices/calibration/calibrate.js';
import { KernelKsm } from '../src/prices/calibration/kernel-ksm.js';
import { Recording } from '../src/recording/recording.js';
import { type Curve, figuresOf, heldAgainst } from './accuracy/curves.js';
import { pageOf } from './accuracy/page.js';
import { type ProgramName, Programs } from './accuracy/programs.js';
import { watch } from './accuracy/watch.js';
import { KSMD } from './recordings/capturing.js';

const KERNEL = { profile: kernelProfile('6.18'), note: undefined };
const NAP_MS = 20;
const BATCH_PAGES = 1000;
const SAMPLE_MS = 100;

const program = new Command('accuracy')
  .description('Holds predictions against the running kernel.')
  .option('--programs <name...>', 'node, python, java, redis, machine', ['node', 'python', 'java'])
  .option('--each <n>', 'processes of each', Number, 3)
  .option('--writes <n...>', 'writes a second: quiet ones, and busy ones', ['0', '2000'])
  .option('--settings <pages/smart...>', 'pages_to_scan/smart_scan', ['500/1', '1000/1', '2000/0'])
  .option('--settling <seconds>', 'until programs have come to rest', Number, 60)
  .option('--captured <seconds>', 'how long they are captured', Number, 30)
  .option('--seconds <n>', 'how long the kernel has', Number, 60)
  .option('--runs <n>', 'of the kernel', Number, 2)
  .option('--pages <folder>', 'a page of curves goes there, for each setting')
  .option('--curves <file>', 'all that was predicted and counted goes there too, a line a setting');
program.parse();
const options = program.opts<{
  programs: ProgramName[];
  each: number;
  writes: string[];
  settings: string[];
  settling: number;
  captured: number;
  seconds: number;
  runs: number;
  pages?: string;
  curves?: string;
}>();

const folder = mkdtempSync(join(tmpdir(), 'ksmd-accuracy-'));
const { signal } = new AbortController();
const kernel = new KernelKsm(NAP_MS);
let running: Programs | undefined;
// However it ends, the kernel is as it was, and no program is left.
process.on('exit', () => {
  running?.stop();
  kernel.close();
});
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => process.exit(130));
let isRight = true;
try {
  const { prices } = await calibrate({
    kernel,
    libc: await LibC.load(),
    batchPages: BATCH_PAGES,
    signal,
    progress: () => {},
  });
  for (const writes of options.writes)
    for (const setting of options.settings) {
      const [pages = '', smart = ''] = setting.split('/');
      kernel.reset();
      const programs = await Programs.start(options.programs, options.each, {
        writes: Number(writes),
        folder,
      });
      running = programs;
      try {
        await sleep(options.settling * 1000);
        const path = join(folder, `${writes}-${pages}-${smart}.rec`);
        execFileSync(process.execPath, [
          ...[KSMD, 'capture', '--output', path, '--key', join(folder, 'key')],
          ...['--interval', '3s', '--duration', `${options.captured}s`],
          ...programs.pids.flatMap((pid) => ['--pid', String(pid)]),
        ]);
        const runs: Curve[] = [];
        for (let run = 0; run < options.runs; run++) {
          kernel.reset();
          kernel.write('pages_to_scan', pages);
          kernel.write('smart_scan', smart);
          runs.push(await watch(kernel, programs.pids, options.seconds, SAMPLE_MS));
        }
        kernel.reset();
        const recording = await Recording.open(path);
        const predictedAll = await predict(recording, {
          prices,
          kernel: '6.18',
          set: [
            ['pages_to_scan', pages],
            ['smart_scan', smart],
          ],
          seconds: options.seconds,
          everySeconds: SAMPLE_MS / 1000,
        });
        await recording.close();
        if (options.pages !== undefined) {
          const { header, sweeps } = recording;
          const settings = { pages_to_scan: pages, smart_scan: smart };
          const told = { runs: [{ settings, predicted: predictedAll }], header, sweeps };
          const page = await pageOf({ ...told, prices, kernel: KERNEL }, runs);
          writeFileSync(join(options.pages, `${writes}-${pages}-${smart}.html`), page);
        }
        const predicted = predictedAll.samples.map(
          ({ t, counters, huge_pages, kernel_cpu_seconds }) => ({
            seconds: t,
            shared: counters.pages_shared ?? 0,
            sharing: counters.pages_sharing ?? 0,
            visits: counters.pages_scanned ?? 0,
            skips: counters.pages_skipped ?? 0,
            unshared: counters.pages_unshared ?? 0,
            hugePages: huge_pages,
            cpuSeconds: kernel_cpu_seconds,
          }),
        );
        if (options.curves !== undefined)
          appendFileSync(
            options.curves,
            `${JSON.stringify({ writes, setting, prices, predicted, runs })}\n`,
          );
        const kind = Number(writes) === 0 ? 'quiet' : `busy, ${writes} writes a second`;
        console.log(`\n${kind}, pages_to_scan=${pages} smart_scan=${smart}`);
        for (const line of heldAgainst(figuresOf(predicted), runs.map(figuresOf))) {
          console.log(line.text);
          if (!line.isRight) isRight = false;
        }
      } finally {
        programs.stop();
      }
    }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = isRight ? 0 : 1;
