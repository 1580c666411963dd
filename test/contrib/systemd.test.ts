/** The units and what belongs beside them, as systemd's own tools read them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, type TestContext, test } from 'vitest';
import { FAILED, WRONG_COMMAND_LINE } from '../../src/cli/failures.js';
import { FATAL } from '../../src/daemon/fatal.js';
import { needs, sysfsAs } from '../daemon/sysfs/carriers.js';
import {
  DaemonProcess,
  KSMD,
  type Outcome,
  run,
  TemporaryDirectory,
  text,
} from '../daemon-process.js';
import { removeTools, tool } from '../debian-tool.js';
import { until } from '../until.js';

const CONTRIB = fileURLToPath(new URL('../../contrib/', import.meta.url));
const UNIT = readFileSync(`${CONTRIB}ksmd.service`, 'utf8');
const MOUNT_UNIT = readFileSync(`${CONTRIB}ksmd-mount.service`, 'utf8');
const SHADOW_UNIT = readFileSync(`${CONTRIB}ksmd-shadow.service`, 'utf8');
/** How exposed systemd finds each, of 10. */
const DAEMON_UNITS = [
  ['ksmd.service', UNIT, 1.5],
  ['ksmd-mount.service', MOUNT_UNIT, 5],
] as const;
const UNITS = [...DAEMON_UNITS, ['ksmd-shadow.service', SHADOW_UNIT, 1.5]] as const;

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => directory.remove());
afterAll(removeTools);

/** Lets systemd-analyze look at the unit, with the command where it is in this checkout. */
async function analyze(
  context: TestContext,
  name: string,
  unit: string,
  ...args: string[]
): Promise<Outcome> {
  const { path, env, root } = await tool(context, 'systemd-analyze', [
    'systemd',
    'libsystemd-shared',
  ]);
  // It may name another one.
  for (const [known, text] of [...UNITS, [name, unit] as const])
    writeFileSync(directory.file(known), text.replace(/^ExecStart=ksmd /m, `ExecStart=${KSMD} `));
  const units =
    root === ''
      ? {}
      : { SYSTEMD_UNIT_PATH: `${root}/lib/systemd/system:${root}/usr/lib/systemd/system` };
  return run(path, [...args, directory.file(name)], { env: { ...env, ...units } });
}

test.for(UNITS)('systemd accepts %s', async ([name, unit], context) => {
  expect(await analyze(context, name, unit, 'verify', '--man=no')).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
});

test('systemd does not accept a unit with a mistake in it', async (context) => {
  const { stderr } = await analyze(
    context,
    'ksmd.service',
    `${UNIT}\n[Service]\nProtectSytem=strict\n`,
    'verify',
    '--man=no',
  );
  expect(stderr).toMatch(/Unknown key.*ProtectSytem/);
});

test.for(UNITS)(
  'systemd finds %s exposed to no more than it must',
  async ([name, unit, most], context) => {
    const { stdout } = await analyze(
      context,
      name,
      unit,
      'security',
      '--offline=true',
      '--no-pager',
    );
    const [, level] = /Overall exposure level for \S+: (\d+\.\d+)/.exec(stdout) ?? [];
    expect(Number(level)).toBeLessThanOrEqual(most);
  },
);

test.each(DAEMON_UNITS)('systemd tries %s again where that can help', (_name, unit) => {
  const prevented = /^RestartPreventExitStatus=(.*)$/m.exec(unit)?.[1]?.split(' ').map(Number);
  const transient: readonly number[] = [
    FATAL.ScannerLost.exitStatus,
    FATAL.InternalFault.exitStatus,
  ];
  const all = [
    FAILED,
    WRONG_COMMAND_LINE,
    ...Object.values(FATAL).map(({ exitStatus }) => exitStatus),
  ];
  expect(prevented).toEqual(all.filter((status) => !transient.includes(status)));
});

test('ksmd-mount.service has nothing that would give the daemon mounts of its own', () => {
  const ownNamespace =
    /^(?:Protect(?!Clock)|Private|ReadOnlyPaths|ReadWritePaths|InaccessiblePaths|TemporaryFileSystem|Bind|Root|ProcSubset|DynamicUser|MountFlags|MountAPIVFS|LogsDirectory|StateDirectory)/m;
  expect(ownNamespace.test(UNIT)).toBe(true);
  expect(MOUNT_UNIT.match(ownNamespace)).toBe(null);
});

test('root with no right but the one that ksmd-mount.service leaves can mount', async (context) => {
  await needs(context, 'mount');
  expect(MOUNT_UNIT).toMatch(/^CapabilityBoundingSet=CAP_SYS_ADMIN$/m);
  const daemon = await DaemonProcess.start(
    sysfsAs('mount', directory.file('sys')),
    {},
    (command) => ['setpriv', '--bounding-set=-all,+sys_admin', '--inh-caps=-all', ...command],
  );
  expect((await daemon.client.status()).sysfs?.as).toBe('mount');
  expect(readFileSync(directory.file('sys/kernel/mm/ksm/run'), 'latin1')).toBe('1\n');
  expect(await daemon.stop()).toBe(0);
});

test('ksmd-shadow.service follows with no right but the two that it leaves', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root may give another user these rights');
  const [, rights = ''] = /^CapabilityBoundingSet=(.*)$/m.exec(SHADOW_UNIT) ?? [];
  expect(rights).toBe('CAP_SYS_PTRACE CAP_DAC_READ_SEARCH');
  expect(SHADOW_UNIT).toContain(`\nAmbientCapabilities=${rights}\n`);
  const only = rights.toLowerCase().replace(/cap_(\w+) ?/g, ',+$1');
  const user = ['--reuid', '65532', '--regid', '65532', '--clear-groups'];
  const sets = ['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all${only}`);
  chmodSync(directory.path, 0o777);
  const daemon = await DaemonProcess.start(['--fingerprints']);
  chmodSync(daemon.directory.path, 0o777);
  chmodSync(daemon.socketPath, 0o777);
  const owner = spawn('sleep', ['1000']);
  const follow = ['follow', 'root', '--all', '--pid', String(owner.pid), '--interval', '100ms'];
  const where = ['--socket', daemon.socketPath, '--key', directory.file('key')];
  const command = [process.execPath, KSMD, ...follow, ...where];
  const follower = spawn('setpriv', [...user, ...sets, '--', ...command]);
  const [stdout, stderr] = [text(follower.stdout), text(follower.stderr)];
  await until('it follows', () => follower.exitCode !== null || stdout().includes('sweep 2: '));
  expect(stderr()).toBe('');
  expect(stdout()).toMatch(/^root comes: \d+ pages/);
  expect(stdout()).toMatch(/^ {2}forks are told by the exclusive bit: .* CAP_SYS_ADMIN alone$/m);
  expect((await daemon.client.guests()).map(({ name }) => name)).toEqual(['root']);
  follower.kill();
  expect(await once(follower, 'close')).toEqual([0, null]);
  owner.kill();
  expect(await daemon.stop()).toBe(0);
});

test('what a killed ksmd-shadow.service leaves goes with the daemon, and only that', async () => {
  const [, script = ''] = /^ExecStopPost=-\/bin\/sh -c '(.*)'$/m.exec(SHADOW_UNIT) ?? [];
  const stop = script.replaceAll('$$', '$').replaceAll('ksmd stop', 'echo stops');
  const after = async (result: string): Promise<string> =>
    (await run('sh', ['-c', stop], { env: { SERVICE_RESULT: result } })).stdout;
  for (const result of ['success', 'exit-code']) expect(await after(result)).toBe('');
  for (const result of ['signal', 'oom-kill', 'timeout'])
    expect(await after(result)).toMatch(/^stops /);
});

test('whatever guests the daemon has ksmd-shadow.service starts without', async () => {
  const [, script = ''] = /^ExecStartPre=-\/bin\/sh -c '(.*)'$/m.exec(SHADOW_UNIT) ?? [];
  const start = async (daemon: DaemonProcess): Promise<void> => {
    const line = script.replaceAll('$$', '$').replaceAll('%t/ksmd/ksmd.sock', daemon.socketPath);
    const command = `ksmd() { '${process.execPath}' '${KSMD}' "$@"; }; ${line}`;
    expect(await run('sh', ['-c', command])).toEqual({ status: 0, stdout: '', stderr: '' });
  };
  const snapshot = directory.file('followed.snap');
  const followed = await DaemonProcess.start(['--fingerprints']);
  await start(followed);
  for (const name of ['vm-1', 'vm-2', '-vm']) await followed.client.createGuest(name);
  expect((await followed.ksmd('snapshot', snapshot)).status).toBe(0);
  await start(followed);
  expect(await followed.client.guests()).toEqual([]);
  expect(await followed.stop()).toBe(0);
  const restored = await DaemonProcess.start(['--fingerprints', '--restore', snapshot]);
  expect(await restored.client.guests()).toHaveLength(3);
  await start(restored);
  expect(await restored.client.guests()).toEqual([]);
  expect(await restored.stop()).toBe(0);
});

test('systemd-sysusers makes the user that the unit names', async (context) => {
  const { path, env } = await tool(context, 'systemd-sysusers', ['systemd', 'libsystemd-shared']);
  mkdirSync(directory.file('etc'));
  const input = readFileSync(`${CONTRIB}sysusers.d/ksmd.conf`);
  expect(await run(path, [`--root=${directory.path}`, '-'], { env, input })).toMatchObject({
    status: 0,
  });
  const user = /^User=(.*)$/m.exec(UNIT)?.[1];
  expect(readFileSync(directory.file('etc/passwd'), 'utf8')).toMatch(
    new RegExp(`^${user}:.*:/usr/sbin/nologin$`, 'm'),
  );
});
