/** Programs made for the kernel's files, as Debian has them, on those of ksmd. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SYSFS_CARRIERS } from '../../../src/names.js';
import { freePort } from '../../../tools/load/free-port.js';
import { DaemonProcess, run, TemporaryDirectory, text } from '../../daemon-process.js';
import { removeTools, tool } from '../../debian-tool.js';
import { until } from '../../until.js';
import { needs, sysfsAs } from './carriers.js';

/** Namespaces of its own, in which all processes end with the first. */
const OWN_NAMESPACES = ['--mount-proc', '--pid', '--fork', '--kill-child'];

let directory: TemporaryDirectory;
let daemon: DaemonProcess;
let sysfs: string;
const children: ChildProcess[] = [];

afterAll(removeTools);

function background(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; errors: () => string } {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  return { child, errors: text(child.stderr) };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function value(exposition: string, name: string): number | undefined {
  const line = exposition.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length));
}

describe.each(SYSFS_CARRIERS)('on a %s', (carrier) => {
  beforeEach(async (context) => {
    await needs(context, carrier);
    directory = new TemporaryDirectory();
    sysfs = directory.file('sys');
    daemon = await DaemonProcess.start([...sysfsAs(carrier, sysfs), '--run', '0']);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await killed(child);
    await daemon.stop();
    directory.remove();
  });

  test('prometheus-node-exporter reads from them what ksmd counts, and calls it as ksmd does', async (ctx) => {
    const { path } = await tool(ctx, 'prometheus-node-exporter', ['prometheus-node-exporter']);
    const { client } = daemon;
    await client.createGuest('g');
    await client.map('g', 'memory', { pages: 12 });
    await client.store('g', 2 ** 32, Buffer.alloc(10 * 4096, 7));
    await client.store('g', 2 ** 32 + 10 * 4096, Buffer.alloc(4096, 8));
    await client.store('g', 2 ** 32 + 11 * 4096, Buffer.alloc(4096, 9));
    await client.setKsm({ sleep_millisecs: 250, pages_to_scan: 77, smart_scan: 0 });
    for (let i = 0; i < 3; i++) await client.scan(100);

    const address = `127.0.0.1:${await freePort()}`;
    const args = [
      `--path.sysfs=${sysfs}`,
      '--collector.disable-defaults',
      '--collector.ksmd',
      `--web.listen-address=${address}`,
    ];
    const exporter = background(path, args);
    const scrape = async (): Promise<string> => {
      if (exporter.child.exitCode !== null) throw new Error(exporter.errors());
      return (await run('curl', ['-s', `http://${address}/metrics`])).stdout;
    };
    const { full_scans, pages_shared, pages_sharing, pages_unshared } = await client.ksm();
    expect({ full_scans, pages_shared, pages_sharing, pages_unshared }).toEqual({
      full_scans: 3,
      pages_shared: 1,
      pages_sharing: 9,
      pages_unshared: 2,
    });
    // pages_sharing is right a scan before full_scans is.
    await until('it reads what ksmd counts', async () => {
      const read = await scrape();
      return (
        value(read, 'node_ksmd_pages_sharing') === pages_sharing &&
        value(read, 'node_ksmd_full_scans_total') === full_scans
      );
    });

    const theirs = await scrape();
    expect(value(theirs, 'node_scrape_collector_success{collector="ksmd"}')).toBe(1);
    const ours = (await daemon.curl('/metrics')).body;
    const lines = theirs.split('\n').filter((line) => line.startsWith('node_ksmd_'));
    expect(lines).toHaveLength(9);
    expect(lines).toContain('node_ksmd_sleep_seconds 0.25');
    expect(lines.filter((line) => !ours.split('\n').includes(line))).toEqual([]);
    const types = theirs.split('\n').filter((line) => line.startsWith('# TYPE node_ksmd_'));
    expect(types.filter((line) => !ours.split('\n').includes(line))).toEqual([]);
  });

  test('ksmtuned, which finds them at /sys/kernel/mm/ksm, starts the scanner, boosts it, and stops it', async (ctx) => {
    const { path } = await tool(ctx, 'ksmtuned', ['ksmtuned']);
    // Whoever is not root is root in a user namespace, where the system allows that.
    const namespaces =
      process.getuid?.() === 0 ? OWN_NAMESPACES : ['--map-root-user', ...OWN_NAMESPACES];
    // A /sys without the kernel's own files.
    const mounts =
      'mount -t tmpfs none /sys && mkdir -p /sys/kernel/mm/ksm && mount --bind ' +
      `'${sysfs}/kernel/mm/ksm' /sys/kernel/mm/ksm`;
    const trial = await run('unshare', [...namespaces, 'sh', '-c', mounts]).catch(
      (error: Error) => ({
        status: null,
        stderr: error.message,
      }),
    );
    if (trial.status !== 0)
      return ctx.skip(`no mount namespace can be had here: ${trial.stderr.trim()}`);
    const tuned = (settings: NodeJS.ProcessEnv): ChildProcess => {
      const env = { KSM_MONITOR_INTERVAL: '0.1', PIDFILE: directory.file('pid'), ...settings };
      return background(
        'unshare',
        [...namespaces, 'sh', '-c', `${mounts} && '${path}' && sleep infinity`],
        env,
      ).child;
    };
    const settles = (what: string, wanted: object): Promise<unknown> =>
      until(what, async () => {
        const files = await daemon.client.ksm();
        return Object.entries(wanted).every(([name, value]) => files[name] === value);
      });
    await daemon.client.setKsm({ pages_to_scan: 1, sleep_millisecs: 1 });

    // To it all memory is short, so it asks for more each time up to the most it ever does.
    const memoryIsShort = tuned({ KSM_THRES_COEF: '100', KSM_SLEEP_MSEC: '0' });
    await settles('the scanner runs, at the pace that it boosts to', {
      run: 1,
      pages_to_scan: 1250,
      sleep_millisecs: 10,
    });
    await killed(memoryIsShort);

    tuned({ KSM_THRES_COEF: '0', KSM_THRES_CONST: '0' });
    await settles('the scanner is stopped', { run: 0 });
    expect(daemon.log.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});
