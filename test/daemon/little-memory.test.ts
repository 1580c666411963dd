/** A daemon in a memory cgroup: it fits, all of it, or does not start. */
import { randomFillSync } from 'node:crypto';
import { describe, expect, type TestContext, test } from 'vitest';
import { ADVICE_SLACK_BYTES, assertBacked, WORKING_BYTES } from '../../src/daemon/backing.js';
import { FATAL } from '../../src/daemon/fatal.js';
import { geometryOf } from '../../src/machine/geometry.js';
import type { MemoryCgroup } from '../../tools/record/memory-cgroup.js';
import { DaemonProcess, TemporaryDirectory } from '../daemon-process.js';
import { memoryCgroup } from '../memory-cgroup.js';

const MIB = 2 ** 20;
const LIMIT = 256 * MIB;

function inCgroup(context: TestContext): MemoryCgroup {
  const cgroup = memoryCgroup(context, LIMIT);
  context.onTestFinished(() => cgroup.remove());
  return cgroup;
}

/** Fills all of the memory, and does what takes the daemon most besides. */
async function fill(daemon: DaemonProcess, memoryBytes: number, snapshot: string): Promise<void> {
  const { client } = daemon;
  await client.createGuest('g');
  const { address } = await client.map('g', 'memory', { pages: memoryBytes / 4096 });
  const part = Buffer.alloc(MIB);
  for (let at = 0; at < memoryBytes; at += part.length)
    await client.store('g', address + at, randomFillSync(part));
  expect((await daemon.ksmd('snapshot', snapshot)).stderr).toBe('');
  expect((await daemon.ksmd('check')).status).toBe(0);
  expect((await client.guest('g')).presentPages).toBe(memoryBytes / 4096);
}

describe('in a cgroup of 256 MiB', () => {
  test('a daemon of --memory 64MiB lives, its memory full', async (context) => {
    const { within } = inCgroup(context);
    const daemon = await DaemonProcess.start([], {}, within);
    await fill(daemon, 64 * MIB, daemon.directory.file('snapshot'));
    expect(await daemon.stop()).toBe(0);
  });

  test('more than fits is refused, with what would; that lives, restored too', async (context) => {
    const { within, limitPath } = inCgroup(context);
    const directory = new TemporaryDirectory();
    context.onTestFinished(() => directory.remove());
    const snapshot = directory.file('snapshot');
    const refused = DaemonProcess.spawn(['--memory', '256MiB'], {}, within);
    expect(await refused.exited).toBe(FATAL.MemoryRefused.exitStatus);
    const [line, fits] =
      /^ksmd: ENOMEM: a memory of 268435456 bytes needs \d+ MiB, .* (\d+)MiB would fit\n$/.exec(
        refused.stderr,
      ) ?? [];
    expect(line).toContain(`and the limit of ${limitPath} leaves `);
    expect(Number(fits)).toBeGreaterThan(90);
    refused.directory.remove();
    const fitting = ['--memory', `${fits}MiB`];
    const daemon = await DaemonProcess.start(fitting, {}, within);
    await fill(daemon, Number(fits) * MIB, snapshot);
    expect(await daemon.stop()).toBe(0);
    const restored = await DaemonProcess.start([...fitting, '--restore', snapshot], {}, within);
    expect((await restored.client.guest('g')).presentPages).toBe(Number(fits) * 256);
    expect(await restored.stop()).toBe(0);
  });
});

describe('the memory asked for', () => {
  const needed = geometryOf({ memoryBytes: 64 * MIB }).bytes + WORKING_BYTES;
  const asked = (memoryBytes: number, bytes: number) => () =>
    assertBacked({ memoryBytes }, { bytes, bound: 'the host' });

  test('is taken where there is room for all of it, and where nothing tells', () => {
    expect(asked(64 * MIB, needed)).not.toThrow();
    expect(() => assertBacked({ memoryBytes: 64 * MIB }, undefined)).not.toThrow();
  });

  test('is refused where a byte is missing, with what would fit', () => {
    expect(asked(64 * MIB, needed - 1)).toThrow(/the host leaves \d+ MiB: --memory 56MiB would/);
    expect(asked(1024 * MIB, needed + ADVICE_SLACK_BYTES)).toThrow(/: --memory 64MiB would fit/);
    expect(asked(64 * MIB, 10 * MIB)).toThrow(/: not even --memory 1MiB would fit/);
  });
});
