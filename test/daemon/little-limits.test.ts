/** What a daemon needs of descriptors, addresses and memory, and what it says where it has less. */

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FATAL } from '../../src/daemon/fatal.js';
import {
  LEAST_ADDRESS_SPACE_GIB,
  LEAST_DESCRIPTORS,
  limitProblem,
} from '../../src/daemon/process-limits.js';
import { DaemonProcess, type Within } from '../daemon-process.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const KIBIBYTES_A_GIB = 2 ** 20;

function limited(option: '-n' | '-v', value: number): Within {
  return (command) => ['sh', '-c', `ulimit ${option} ${value} && exec "$@"`, 'sh', ...command];
}

function status(daemon: DaemonProcess, field: string): number {
  const text = readFileSync(`/proc/${daemon.child.pid}/status`, 'latin1');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
}

describe('ksmd start is refused in one line, with nothing left behind,', () => {
  test.each([
    ['-n', 32, 'EMFILE', '32 open files'],
    ['-n', 64, 'EMFILE', '64 open files'],
    ['-n', LEAST_DESCRIPTORS - 1, 'EMFILE', `${LEAST_DESCRIPTORS - 1} open files`],
    ['-v', KIBIBYTES_A_GIB, 'ENOMEM', '1 GiB of address space'],
    ['-v', 20 * KIBIBYTES_A_GIB, 'ENOMEM', '20 GiB of address space'],
    ['-v', 40 * KIBIBYTES_A_GIB, 'ENOMEM', '40 GiB of address space'],
  ] as const)('under ulimit %s %i', async (option, value, code, left) => {
    const daemon = DaemonProcess.spawn([], {}, limited(option, value));
    expect(await daemon.exited).toBe(FATAL.LimitTooLow.exitStatus);
    const least = option === '-n' ? LEAST_DESCRIPTORS : `${LEAST_ADDRESS_SPACE_GIB} GiB`;
    expect(daemon.stderr).toBe(
      `ksmd: ${code}: the limits of this process leave ${left} (ulimit ${option}), ` +
        `of at least ${least}: raise the limit\n`,
    );
    expect(readdirSync(daemon.directory.path)).toEqual([]);
    daemon.directory.remove();
  });
});

describe('what README says is enough:', () => {
  test('open files; connections beyond them are closed, and it goes on', async () => {
    const daemon = await DaemonProcess.start([], {}, limited('-n', LEAST_DESCRIPTORS));
    expect(README).toContain(`\`ulimit -n\` of ${LEAST_DESCRIPTORS}.`);
    const open = readdirSync(`/proc/${daemon.child.pid}/fd`).length;
    expect(README).toContain('and 30 open files');
    expect(open).toBeLessThanOrEqual(35);
    const connections = Array.from({ length: LEAST_DESCRIPTORS }, () => {
      const connection = createConnection(daemon.socketPath);
      connection.on('error', () => {});
      return connection;
    });
    await Promise.race(connections.map((connection) => once(connection, 'close')));
    for (const connection of connections) connection.destroy();
    expect((await daemon.ksmd('status')).status).toBe(0);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.stderr).toBe('');
  });

  test('addresses, for two scanners and the machine', async () => {
    const kibibytes = LEAST_ADDRESS_SPACE_GIB * KIBIBYTES_A_GIB;
    const daemon = await DaemonProcess.start([], {}, limited('-v', kibibytes));
    expect(README).toContain(`\`ulimit -v\` has to leave ${LEAST_ADDRESS_SPACE_GIB} GiB`);
    await daemon.client.restartScanner();
    expect(status(daemon, 'VmPeak')).toBeLessThanOrEqual(kibibytes);
    expect(await daemon.stop()).toBe(0);
  });

  test('memory, idle', async () => {
    const daemon = await DaemonProcess.start();
    expect(README).toContain('Idle, the daemon takes 130 MB');
    expect(status(daemon, 'VmRSS') * 1024).toBeLessThan(145e6);
    await daemon.stop();
  });
});

test('what cannot be read is no limit, and none is none', () => {
  expect(limitProblem('')).toBeUndefined();
  expect(limitProblem('Max open files   unlimited   unlimited   files\n')).toBeUndefined();
});
