/**
 * What is saved is one number, whoever is asked and whatever the daemon's kernel shows: status,
 * report, metrics, the samples of the dashboard, `ksmd free` and `ksmd top`.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { KERNEL_PROFILES } from '../../src/ksm/kernels.js';
import { DaemonProcess } from '../daemon-process.js';

const BASE = 2 ** 32;
const PAGE = 4096;

let daemon: DaemonProcess | undefined;
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

/** Two guests with the same eight pages, and eight pages of zeroes each, merged. */
async function merged(kernel: string): Promise<DaemonProcess> {
  daemon = await DaemonProcess.start(['--run', '0', '--kernel', kernel]);
  const { client } = daemon;
  const files = await client.ksm();
  if ('use_zero_pages' in files) await client.setKsm({ use_zero_pages: 1 });
  if ('smart_scan' in files) await client.setKsm({ smart_scan: 0 });
  for (const guest of ['one', 'two']) {
    await client.createGuest(guest);
    await client.map(guest, 'r', { pages: 16 });
    const memory = Buffer.alloc(16 * PAGE);
    for (let page = 0; page < 8; page++) memory.writeUInt32LE(page + 1, page * PAGE);
    await client.store(guest, BASE, memory);
  }
  for (let i = 0; i < 4; i++) await client.scan(1000);
  return daemon;
}

/** Bytes, by who says it. */
async function savedBytes(asked: DaemonProcess): Promise<Record<string, number>> {
  const metric = /^ksmd_saved_bytes (\d+)$/m.exec((await asked.curl('/metrics')).body)?.[1];
  const json = async (verb: string) => JSON.parse((await asked.ksmd(verb, '--json')).stdout);
  return {
    status: (await asked.client.status()).saved.bytes,
    report: (await asked.client.report()).saved.bytes,
    metric: Number(metric),
    free: (await json('free')).savedBytes,
    top: (await json('top')).savedBytes,
  };
}

/** What no frame is used for, as everybody is to say it. */
async function expected(asked: DaemonProcess): Promise<Record<string, number>> {
  const { memory } = await asked.client.status();
  const bytes = 2 * 16 * PAGE - memory.usedBytes;
  return { status: bytes, report: bytes, metric: bytes, free: bytes, top: bytes };
}

describe.each(KERNEL_PROFILES.map(({ name }) => name))('as Linux %s', (kernel) => {
  test('all who are asked say the same, also of a page written since the last scan', async () => {
    const asked = await merged(kernel);
    const before = await savedBytes(asked);
    expect(before).toEqual(await expected(asked));
    expect(before.status).toBeGreaterThan(8 * PAGE);
    await asked.client.store('one', BASE, Buffer.from('a page of its own'));
    const after = await savedBytes(asked);
    expect(after).toEqual(await expected(asked));
    expect(after.status).toBe((before.status ?? 0) - PAGE);
  });
});
