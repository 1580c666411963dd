/** `ksmd plan` as people run it. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PAGE_CONTENT } from '../../../../src/recording/format.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import { KSMD, run, TemporaryDirectory } from '../../../daemon-process.js';
import { GUEST, HEADER } from '../../../recording/small-recording.js';

let directory: TemporaryDirectory;
let recording: string;

beforeAll(async () => {
  directory = new TemporaryDirectory();
  recording = directory.file('one.rec');
  const image = directory.file('one.img');
  const half = randomBytes(200 * 4096);
  writeFileSync(image, Buffer.concat([half, half, randomBytes(100 * 4096)]));
  await ksmd('capture', '--image', image, '--duration', '0', '--output', recording);
});
afterAll(() => directory.remove());

function ksmd(...args: string[]): ReturnType<typeof run> {
  const env = { ...process.env, XDG_CONFIG_HOME: directory.path };
  return run(process.execPath, [KSMD, ...args], { env });
}

test('worth it, and what to write where', async () => {
  const { status, stdout } = await ksmd('plan', recording, '--within', '1m');
  expect(status).toBe(0);
  const [verdict] = stdout.split('\n');
  expect(verdict).toMatch(/: worth it: 800 KiB of 1.9 MiB, nine tenths of it in .* at rest$/);
  expect(stdout).toContain('echo 100 > /sys/kernel/mm/ksm/pages_to_scan\n');
  // While an advisor runs, pages_to_scan is not to be set.
  expect(stdout.indexOf('echo none > /sys/kernel/mm/ksm/advisor_mode')).toBeLessThan(
    stdout.indexOf('echo 100 >'),
  );
  expect(stdout).toContain('echo none > /sys/kernel/mm/ksm/advisor_mode');
  expect(stdout).toContain('KSM_SLEEP_MSEC=');
  expect(stdout).toContain('  rm /etc/tmpfiles.d/ksm.conf\n');
  expect(stdout).toContain('  w /sys/kernel/mm/ksm/run - - - - 1\n');
  expect(stdout).toContain('KSM_NPAGES_MIN=100\n');
  expect(stdout).toMatch(/Undone by:\n {2}echo 2 > \/sys\/kernel\/mm\/ksm\/run;/);
});

test('not worth it is an answer as well, without anything to write', async () => {
  const { status, stdout } = await ksmd('plan', recording, '--min-saving', '1MiB');
  expect(status).toBe(0);
  expect(stdout).toMatch(/: leave KSM off: 800 KiB of 1.9 MiB\n/);
  expect(stdout).not.toContain('echo');
});

test('what cannot be had within both limits is said, with what it would take', async () => {
  const args = ['--within', '100ms', '--max-cpu', '1%'];
  const { stdout } = await ksmd('plan', recording, ...args);
  expect(stdout).toMatch(/^Not within 100 ms/m);
});

test('where the kernel has no smart scan and no advisor, nothing is written to them', async () => {
  const { status, stdout } = await ksmd('plan', recording, '--kernel', '6.1');
  expect(status).toBe(0);
  expect(stdout).toContain('echo 100 > /sys/kernel/mm/ksm/pages_to_scan\n');
  expect(stdout).not.toMatch(/smart_scan|advisor_mode/);
});

test('what is dearer than allowed is said to be', async () => {
  const { stdout } = await ksmd('plan', recording, '--max-cpu', '0.001%');
  expect(stdout).toMatch(/^Even pages_to_scan=100 takes .* of a processor, more than /m);
});

test('--json has the goals, the settings and what comes of them', async () => {
  const { stdout } = await ksmd('plan', recording, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    goals: { withinSeconds: 600, mostCpu: 0.1 },
    isWorthIt: true,
    settings: { pages_to_scan: 100, smart_scan: 1 },
    outcome: { freedBytes: 200 * 4096 },
  });
});

test('memory of a kind that never merges is named, all guests together', async () => {
  const path = directory.file('outside.rec');
  const guestNumbers = ['rss', 'shared', 'hugetlb'];
  const writer = RecordingWriter.create(path, { ...HEADER, guestNumbers });
  for (const guest of [1, 2]) {
    writer.write({ ...GUEST, guest, name: `vm${guest}` });
    writer.write({ type: 'numbers', guest, values: [2 ** 32, 2 ** 30, 2 ** 29] });
    const run = { type: 'pages', guest, page: 512, pages: 1, state: PAGE_CONTENT } as const;
    writer.write({ ...run, fingerprints: randomBytes(16) });
  }
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.close();
  const { stdout } = await ksmd('plan', path, '--within', '1m');
  expect(stdout).toMatch(/: leave KSM off: /);
  expect(stdout).toMatch(/^2 GiB are shared memory \(share=on, memfd, tmpfs\): KSM merges none/m);
  expect(stdout).toMatch(/^1 GiB are huge pages of hugetlbfs: KSM merges none of them\.$/m);
});
