/**
 * Processes that this machine's own KSM has merged: registered as if it had not, they merge to what
 * its counters say. Takes the running kernel's KSM, for as long as it lasts: KSMD_RUNNING_KERNEL=1.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { SYSFS } from '../../../../tools/record/kernel-at-hand.js';
import { Settings } from '../../../../tools/record/settings.js';
import { DaemonProcess } from '../../../daemon-process.js';
import { until } from '../../../until.js';

const PROGRAM = fileURLToPath(new URL('./process-at-work.mjs', import.meta.url));
const pids: number[] = [];
afterAll(() => {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
});

async function start(...commands: string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...commands], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const pid = Number(String(line).trim());
  pids.push(pid);
  return pid;
}

test.runIf(process.env.KSMD_RUNNING_KERNEL === '1')(
  'what ksmd saves of them is what pages_sharing says',
  async () => {
    const two = [
      await start('advised=2000', 'twins=500'),
      await start('advised=2000', 'twins=500'),
    ];
    const kernel = new Settings(SYSFS);
    const daemon = await DaemonProcess.start(['--run', '0', '--set', 'smart_scan=0']);
    try {
      kernel.write('smart_scan', 0);
      kernel.write('pages_to_scan', 20_000);
      const before = Number(kernel.read('full_scans'));
      kernel.write('run', 1);
      await until('the kernel has scanned four times', () =>
        Promise.resolve(Number(kernel.read('full_scans')) > before + 4),
      );
      kernel.write('run', 0);
      const sharing = Number(kernel.read('pages_sharing'));
      const args = two.flatMap((pid) => ['--pid', String(pid)]);
      const { stdout } = await daemon.ksmd('register', 'web', ...args);
      expect(stdout).toContain(
        `5,000 pages are merged by this host's KSM now (${sharing.toLocaleString('en')} saved)`,
      );
      for (let scan = 0; scan < 4; scan++) await daemon.client.scan(100_000);
      expect((await daemon.client.status()).counters).toMatchObject({
        pages_shared: Number(kernel.read('pages_shared')),
        pages_sharing: sharing,
      });
    } finally {
      kernel.write('run', 2);
      kernel.putBack();
      await daemon.stop();
    }
  },
);
