/** The unit and what belongs beside it, as systemd's own tools read them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, type TestContext, test } from 'vitest';
import { FAILED, WRONG_COMMAND_LINE } from '../../src/cli/failures.js';
import { FATAL } from '../../src/daemon/fatal.js';
import { KSMD, type Outcome, run, TemporaryDirectory } from '../daemon-process.js';
import { removeTools, tool } from '../debian-tool.js';

const CONTRIB = fileURLToPath(new URL('../../contrib/', import.meta.url));
const UNIT = readFileSync(`${CONTRIB}ksmd.service`, 'utf8');

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => directory.remove());
afterAll(removeTools);

/** Lets systemd-analyze look at the unit, with the command where it is in this checkout. */
async function analyze(context: TestContext, unit: string, ...args: string[]): Promise<Outcome> {
  const { path, env, root } = await tool(context, 'systemd-analyze', [
    'systemd',
    'libsystemd-shared',
  ]);
  writeFileSync(
    directory.file('ksmd.service'),
    unit.replace(/^ExecStart=ksmd /m, `ExecStart=${KSMD} `),
  );
  const units =
    root === ''
      ? {}
      : { SYSTEMD_UNIT_PATH: `${root}/lib/systemd/system:${root}/usr/lib/systemd/system` };
  return run(path, [...args, directory.file('ksmd.service')], { env: { ...env, ...units } });
}

test('systemd accepts the unit', async (context) => {
  expect(await analyze(context, UNIT, 'verify', '--man=no')).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
});

test('systemd does not accept a unit with a mistake in it', async (context) => {
  const { stderr } = await analyze(
    context,
    `${UNIT}\n[Service]\nProtectSytem=strict\n`,
    'verify',
    '--man=no',
  );
  expect(stderr).toMatch(/Unknown key.*ProtectSytem/);
});

test('systemd finds the unit exposed to little', async (context) => {
  const { stdout } = await analyze(context, UNIT, 'security', '--offline=true', '--no-pager');
  const [, level] = /Overall exposure level for ksmd.service: (\d+\.\d+)/.exec(stdout) ?? [];
  expect(Number(level)).toBeLessThanOrEqual(1.5);
});

test('systemd tries again where that can help', () => {
  const prevented = /^RestartPreventExitStatus=(.*)$/m.exec(UNIT)?.[1]?.split(' ').map(Number);
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
