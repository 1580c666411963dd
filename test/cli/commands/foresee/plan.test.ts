/** `ksmd plan` as people run it. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  MAPPING_ADVISED,
  PAGE_CONTENT,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
} from '../../../../src/recording/format.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import type { EndRecord, GuestRecord, SweepRecord } from '../../../../src/recording/records.js';
import { KSMD, run, TemporaryDirectory } from '../../../daemon-process.js';
import { GUEST, HEADER } from '../../../recording/small-recording.js';

let directory: TemporaryDirectory;
let recording: string;
let files = 0;

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

/** What a host is recorded with, in bytes and as its files have them. */
interface Recorded {
  readonly flags?: number;
  readonly numbers?: Readonly<Record<string, number>>;
  readonly facts?: Readonly<Record<string, string>>;
  readonly guest?: Partial<GuestRecord>;
  readonly more?: readonly Exclude<SweepRecord, EndRecord>[];
}

const MIB = 2 ** 20;
const MEMORY = { MemTotal: 64 * 2 ** 30, MemFree: 60 * 2 ** 30 };
const OF_KSM = {
  ...{ 'ksm/run': 0, 'ksm/pages_to_scan': 100, 'ksm/sleep_millisecs': 20, 'ksm/smart_scan': 1 },
  ...{ 'ksm/use_zero_pages': 0, 'ksm/max_page_sharing': 256, 'ksm/pages_sharing': 0 },
};

/** Four processes of 500 pages, the same in all of them. */
function recorded({
  flags = MAPPING_ADVISED,
  numbers = OF_KSM,
  facts = {},
  ...told
}: Recorded): string {
  const path = directory.file(`${++files}.rec`);
  const hostNumbers = { ...MEMORY, ...numbers };
  const writer = RecordingWriter.create(path, {
    ...HEADER,
    hostNumbers: Object.keys(hostNumbers),
    guestNumbers: ['rss', 'shared', 'hugetlb'],
    facts,
  });
  const fingerprints = randomBytes(500 * 16);
  writer.write({ type: 'numbers', guest: undefined, values: Object.values(hostNumbers) });
  for (const guest of [1, 2, 3, 4]) {
    writer.write({ ...GUEST, guest, name: `vm${guest}`, ...told.guest });
    writer.write({ type: 'numbers', guest, values: [500 * 4096, 0, 0] });
    const at = { guest, page: 512, pages: 500 };
    writer.write({ type: 'mapping', ...at, flags, node: undefined, label: '' });
    writer.write({ type: 'pages', ...at, state: PAGE_CONTENT, fingerprints });
  }
  for (const record of told.more ?? []) writer.write(record);
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.endSweep({ startMs: 10_000, durationMs: 0, processorMs: 0 });
  writer.close();
  return path;
}

/** Lines to paste that follow one. */
function pasted(stdout: string, after: string): string[] {
  const lines = stdout.split('\n');
  const from = lines.findIndex((line) => line.startsWith(after)) + 1;
  const rest = lines.slice(from);
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('  ')),
    )
    .map((line) => line.trim());
}

test('of images alone nobody has advised anything, and what has to is said', async () => {
  const { stdout } = await ksmd('plan', recording);
  expect(stdout).toMatch(/: worth it if its processes advise their memory: 800 KiB of 1.9 MiB,/);
  expect(stdout).toContain('First the processes have to advise their memory');
  expect(stdout).toContain('As if all of the images were advised mergeable.\n');
  expect((await ksmd('predict', recording)).stdout).toContain(
    'As if all of the images were advised mergeable.\n',
  );
  expect((await ksmd('estimate', recording)).stdout).toContain(
    'As if all of the images were advised mergeable.\n',
  );
});

test('a sample too small to tell by has no verdict, and what to do is said', async () => {
  const path = directory.file('sample.rec');
  const hostNumbers = Object.keys(OF_KSM);
  const writer = RecordingWriter.create(path, { ...HEADER, sample: 16, hostNumbers });
  const values = Object.values({ ...OF_KSM, 'ksm/run': 1 });
  writer.write({ type: 'numbers', guest: undefined, values });
  writer.write({ ...GUEST, guest: 1, name: 'vm1' });
  const at = { guest: 1, page: 512 };
  writer.write({ type: 'mapping', ...at, pages: 2048, flags: 0, node: undefined, label: '' });
  const fingerprints = randomBytes(10 * 16);
  writer.write({ type: 'pages', ...at, pages: 10, state: PAGE_CONTENT, fingerprints });
  const outside = { guest: 1, page: 522, pages: 1000 };
  writer.write({ type: 'pages', ...outside, state: PAGE_UNSAMPLED });
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.close();
  const { stdout } = await ksmd('plan', path);
  expect(stdout.split('\n')[0]).toMatch(
    /it cannot be told: 0 B ± \S+ MiB would be saved, by one content in 16, which are too few; capture more by --sample 1\/4, or all without --sample$/,
  );
  // Neither what to write to switch it on, nor to switch it off.
  expect(stdout).not.toContain('/sys/kernel/mm/ksm');
});

describe('estimate and predict have the same pages count', () => {
  const where = { page: 512, pages: 50 };
  const other = (more: Partial<GuestRecord>, flags: number): Recorded['more'] => [
    { ...GUEST, guest: 9, name: 'other', ...more },
    { type: 'mapping', guest: 9, ...where, flags, node: undefined, label: '' },
    { type: 'pages', guest: 9, ...where, state: PAGE_CONTENT, fingerprints: randomBytes(50 * 16) },
  ];

  test.each([
    ['an image beside processes that have not', 0, { pid: 0 }, 'all private memory, and all of'],
    ['one that devices write to, which has', 0, { isPinned: true }, 'all private memory were'],
    ['an image beside processes that have', 1, { pid: 0 }, 'advised mergeable, and images as'],
  ])('%s', async (_what, flags, more, sentence) => {
    const path = recorded({
      flags: flags * MAPPING_ADVISED,
      more: other(more, MAPPING_ADVISED) ?? [],
    });
    for (const verb of ['estimate', 'predict', 'plan'])
      expect((await ksmd(verb, path)).stdout).toContain(sentence);
  });
});

test('a page that a fork shares takes one frame, of which a share is saved', async () => {
  const path = recorded({
    more: [
      { ...GUEST, guest: 9, name: 'child' },
      {
        ...{ type: 'mapping', guest: 9, page: 512, pages: 500, flags: MAPPING_ADVISED },
        ...{ node: undefined, label: '' },
      },
      { type: 'pages', guest: 9, page: 512, pages: 500, state: PAGE_SHARED, owner: 1 },
    ],
  });
  expect((await ksmd('plan', path)).stdout).toContain(' of 7.8 MiB');
  const { goals } = JSON.parse((await ksmd('plan', path, '--json')).stdout);
  expect(goals.leastBytes).toBe(4 * 500 * 4096 * 0.02);
});

test('worth it, and what to write where', async () => {
  const { status, stdout } = await ksmd('plan', recording, '--within', '1m');
  expect(status).toBe(0);
  const [verdict] = stdout.split('\n');
  expect(verdict).toMatch(
    /: worth it if its .* memory: 800 KiB of 1.9 MiB, nine tenths of it in .*, costs .* at first and .* at rest$/,
  );
  expect(pasted(stdout, 'Now, as root')).toEqual([
    // While an advisor runs, pages_to_scan is not to be set.
    'echo none > /sys/kernel/mm/ksm/advisor_mode',
    'echo 100 > /sys/kernel/mm/ksm/pages_to_scan',
    'echo 20 > /sys/kernel/mm/ksm/sleep_millisecs',
    'echo 1 > /sys/kernel/mm/ksm/smart_scan',
    'echo 1 > /sys/kernel/mm/ksm/run',
  ]);
  expect(stdout).toContain('  w /sys/kernel/mm/ksm/run - - - - 1\n');
});

test('of images nobody knows how their host is set, nor how much memory it has', async () => {
  const { stdout } = await ksmd('plan', recording);
  expect(stdout).not.toContain('ksmtuned');
  expect(stdout).toContain('The recording does not tell how KSM is set on the host');
  expect(pasted(stdout, 'Undone, back to the defaults of Linux 6.18')).toEqual([
    'echo 2 > /sys/kernel/mm/ksm/run',
    'echo 0 > /sys/kernel/mm/ksm/run',
    'echo 1 > /sys/kernel/mm/ksm/smart_scan',
    'echo 20 > /sys/kernel/mm/ksm/sleep_millisecs',
    'echo 100 > /sys/kernel/mm/ksm/pages_to_scan',
    'echo none > /sys/kernel/mm/ksm/advisor_mode',
    'rm /etc/tmpfiles.d/ksm.conf',
  ]);
});

describe('of processes that have advised nothing', () => {
  let path: string;
  beforeAll(() => {
    path = recorded({ flags: 0 });
  });

  test('it is worth it only if they do, and how they do comes first', async () => {
    const { stdout } = await ksmd('plan', path);
    expect(stdout).toMatch(/^here: worth it if its processes advise their memory: 5.8 MiB of 7.8/);
    expect(stdout).toContain('As if all private memory were advised mergeable.\n');
    const advice = stdout.indexOf('\n  MemoryKSM=yes\n');
    expect(advice).toBeGreaterThan(0);
    expect(advice).toBeLessThan(stdout.indexOf('Now, as root:'));
    expect(stdout).toContain('prctl(PR_SET_MEMORY_MERGE)');
    expect(stdout).toContain('-machine mem-merge=off');
  });

  test('before Linux 6.7 a unit has no use for MemoryKSM=', async () => {
    for (const [kernel, how] of [
      ['6.6', 'prctl(PR_SET_MEMORY_MERGE) of its own'],
      ['6.1', 'madvise(MADV_MERGEABLE) of its own'],
    ] as const) {
      const { stdout } = await ksmd('plan', path, '--kernel', kernel);
      expect(stdout).toContain(how);
      expect(stdout).not.toContain('MemoryKSM=yes');
    }
  });

  test('where only what is advised counts there is nothing, and nothing else is told', async () => {
    const { stdout } = await ksmd('plan', path, '--advised');
    expect(stdout).toMatch(
      /^here: leave KSM off: nothing is advised mergeable\n\n7.8 MiB are not advised .*\n\nAs KSM /,
    );
    expect(stdout).not.toMatch(/(^| )0 B/m);
  });

  test('what is too little is said with them too', async () => {
    const { stdout } = await ksmd('plan', path, '--min-saving', '1GiB');
    expect(stdout).toMatch(
      /: leave KSM off: 5.8 MiB of 7.8 MiB if its processes advised .*, less than the 1 GiB asked/,
    );
    expect(stdout).not.toContain('echo');
  });
});

test('where one process has advised memory only that counts, as far as predict goes', async () => {
  const at = { page: 512, pages: 50 };
  const fingerprints = randomBytes(50 * 16);
  const path = recorded({
    more: [
      { ...GUEST, guest: 9, name: 'other' },
      { type: 'mapping', guest: 9, ...at, flags: 0, node: undefined, label: '' },
      { type: 'pages', guest: 9, ...at, state: PAGE_CONTENT, fingerprints },
    ],
  });
  const { stdout } = await ksmd('plan', path);
  expect(stdout).toMatch(/^here: worth it: 5.8 MiB of 7.8 MiB,/);
  expect(stdout).toMatch(/^200 KiB are not advised mergeable/m);
  expect((await ksmd('predict', path)).stdout).toContain(
    'Left out: 200 KiB that is not advised.\n',
  );
});

test('what the lines of ksmtuned.conf do is what was played', async () => {
  for (const MemTotal of [64 * 2 ** 30, 23 * 2 ** 30, 2 ** 30]) {
    const path = recorded({ numbers: { ...OF_KSM, MemTotal, MemFree: MemTotal * 0.9 } });
    const { stdout } = await ksmd('plan', path);
    const [verdict] = stdout.split('\n');
    expect(verdict).toMatch(/worth it: 5.8 MiB/);
    const conf = directory.file('planned.conf');
    writeFileSync(conf, pasted(stdout, 'Or where ksmtuned runs').join('\n'));
    const json = ['predict', path, '--json', '--policy', `ksmtuned:${conf}`];
    const { runs } = JSON.parse((await ksmd(...json)).stdout);
    const [{ outcome, samples }] = runs;
    expect(outcome.freedBytes).toBe(1500 * 4096);
    // As many pages a second: it begins after a minute.
    const plain = JSON.parse((await ksmd('predict', path, '--json', '--for', '10m')).stdout);
    const rate = (all: { t: number; full_scans: number }[], from: number): number =>
      (all.at(-1)?.full_scans ?? 0) / ((all.at(-1)?.t ?? 0) - from);
    const ratio = rate(samples, 60) / rate(plain.runs[0].samples, 0);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.2);
  }
});

test('undone is back to how the host was recorded, and played is with what it keeps', async () => {
  const path = recorded({
    numbers: {
      ...{ 'ksm/run': 1, 'ksm/pages_to_scan': 4000, 'ksm/sleep_millisecs': 200 },
      ...{ 'ksm/smart_scan': 0, 'ksm/max_page_sharing': 2, 'ksm/pages_sharing': 70 },
    },
    facts: { 'ksm/advisor_mode': 'none [scan-time]' },
  });
  const { stdout } = await ksmd('plan', path);
  // Two mappings of each KSM page, and not four.
  expect(stdout).toMatch(/^here: worth it: 3.9 MiB of 7.8 MiB,/);
  expect(stdout).toContain('With max_page_sharing=2, as the host has it.\n');
  expect(pasted(stdout, 'Now, as root')).not.toContain(
    'echo 2 > /sys/kernel/mm/ksm/max_page_sharing',
  );
  expect(pasted(stdout, 'At every start')[0]).toBe(
    'w /sys/kernel/mm/ksm/max_page_sharing - - - - 2',
  );
  expect(pasted(stdout, 'Undone, back to what was recorded')).toEqual([
    'echo 1 > /sys/kernel/mm/ksm/run',
    'echo 0 > /sys/kernel/mm/ksm/smart_scan',
    'echo 200 > /sys/kernel/mm/ksm/sleep_millisecs',
    'echo 4000 > /sys/kernel/mm/ksm/pages_to_scan',
    'echo scan-time > /sys/kernel/mm/ksm/advisor_mode',
    'rm /etc/tmpfiles.d/ksm.conf',
  ]);
  // ksmtuned cannot set a pace while an advisor does.
  expect(stdout).toMatch(/^It does not write advisor_mode, smart_scan: /m);
});

test('an advisor of the host that the planned kernel does not have is said', async () => {
  const on = recorded({ facts: { 'ksm/advisor_mode': 'none [scan-time]' } });
  const { stdout } = await ksmd('plan', on, '--kernel', '6.7');
  expect(stdout).toMatch(/^The host was recorded with advisor_mode=scan-time, which Linux 6.7 /m);
  expect(stdout).toContain("its advisor runs: '--kernel host' plans for that one.\n");
  expect(pasted(stdout, 'Now, as root')).not.toContain(
    'echo none > /sys/kernel/mm/ksm/advisor_mode',
  );
  // Planned for its own kernel the advisor is switched off first, and on again last.
  const own = await ksmd('plan', on, '--kernel', 'host');
  expect(own.stdout).not.toContain('The host was recorded with');
  expect(pasted(own.stdout, 'Now, as root')[0]).toBe('echo none > /sys/kernel/mm/ksm/advisor_mode');
  expect(pasted(own.stdout, 'Undone').slice(-2)[0]).toBe(
    'echo scan-time > /sys/kernel/mm/ksm/advisor_mode',
  );
  const off = await ksmd('plan', recorded({}), '--kernel', '6.1');
  expect(off.stdout).not.toContain('advisor_mode');
  expect(off.stdout).toMatch(/^The host was recorded with smart_scan=1, which Linux 6.1 does not/m);
});

test('what a host had merged before stays merged when the plan is undone', async () => {
  const numbers = { ...OF_KSM, 'ksm/pages_sharing': 70 };
  const { stdout } = await ksmd('plan', recorded({ numbers }));
  const [first] = pasted(stdout, 'Undone');
  expect(first).toBe('echo 0 > /sys/kernel/mm/ksm/run');
});

test('only what the kernel has is written, and what the recorded one lacks is said', async () => {
  const path = recorded({ numbers: { 'ksm/run': 0, 'ksm/pages_to_scan': 100 } });
  const sixSeven = await ksmd('plan', path, '--kernel', '6.7');
  expect(sixSeven.stdout).toContain('smart_scan');
  expect(sixSeven.stdout).not.toContain('advisor_mode');
  expect(sixSeven.stdout).toMatch(/^The recorded kernel has no sleep_millisecs, smart_scan: /m);
  const old = await ksmd('plan', path, '--kernel', '6.1');
  expect(old.stdout).toContain('echo 100 > /sys/kernel/mm/ksm/pages_to_scan\n');
  expect(old.stdout).not.toMatch(/smart_scan|advisor_mode/);
});

test('not worth it is an answer as well, with its reason and nothing to write', async () => {
  const { status, stdout } = await ksmd('plan', recording, '--min-saving', '1MiB');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /: leave KSM off: 800 KiB of 1.9 MiB if its .* memory, less than the 1 MiB asked for\n/,
  );
  expect(stdout).not.toContain('echo');
});

describe('not worth it where KSM runs', () => {
  const on = { ...OF_KSM, 'ksm/run': 1 };
  const unworthy = ['--min-saving', '1GiB'];

  test('it is to be switched off, which keeps what is merged or takes memory back', async () => {
    const numbers = { ...on, 'ksm/pages_sharing': 1000, MemAvailable: 4 * MIB };
    const { stdout } = await ksmd('plan', recorded({ numbers }), ...unworthy);
    expect(stdout).toMatch(/^here: switch KSM off: 5.8 MiB of 7.8 MiB, less than the 1 GiB asked/);
    expect(stdout).not.toContain('leave KSM off');
    expect(pasted(stdout, 'KSM runs on the host.')).toEqual(['echo 0 > /sys/kernel/mm/ksm/run']);
    expect(pasted(stdout, 'That leaves merged what is: 3.9 MiB saved.')).toEqual([
      'echo 2 > /sys/kernel/mm/ksm/run',
    ]);
    expect(stdout).toContain('at once, 3.9 MiB, of 4 MiB that are available:');
    expect(pasted(stdout, 'Undone by')).toEqual(['echo 1 > /sys/kernel/mm/ksm/run']);
  });

  test('zero pages that it has merged are taken back too', async () => {
    const numbers = { ...on, 'ksm/ksm_zero_pages': 256 };
    const { stdout } = await ksmd('plan', recorded({ numbers }), ...unworthy);
    expect(stdout).toContain('This has it all taken back at once, 1 MiB:');
  });

  test('where it has merged nothing there is nothing to take back', async () => {
    const { stdout } = await ksmd('plan', recorded({ flags: 0, numbers: on }), '--advised');
    expect(stdout).toMatch(/^here: switch KSM off: nothing is advised mergeable\n/);
    expect(stdout).not.toContain('echo 2');
  });

  test('on a host whose KSM is stopped, with pages merged, it stays off', async () => {
    const numbers = { ...OF_KSM, 'ksm/pages_sharing': 1000 };
    const { stdout } = await ksmd('plan', recorded({ numbers }), ...unworthy);
    expect(stdout).toMatch(/^here: leave KSM off: /);
    expect(stdout).not.toContain('echo');
  });
});

test('memory that was never used is no saving', async () => {
  const image = directory.file('zeroes.img');
  writeFileSync(image, Buffer.concat([Buffer.alloc(2 * MIB), randomBytes(MIB)]));
  const path = directory.file('zeroes.rec');
  await ksmd('capture', '--image', image, '--duration', '0', '--output', path);
  const { stdout } = await ksmd('plan', path);
  expect(stdout).toMatch(
    /: leave KSM off: 1.9 MiB of 3 MiB if its .* memory, all of it zero pages\n/,
  );
  expect(stdout).toMatch(/^Zero pages are memory that guests have not used: /m);
});

test('what cannot be had within both limits is said, with what it would take', async () => {
  const args = ['--within', '100ms', '--max-cpu', '1%'];
  const { stdout } = await ksmd('plan', recording, ...args);
  expect(stdout).toMatch(/: worth it if its .* memory, but not within 100 ms: /);
  expect(stdout).toMatch(/^Not within 100 ms/m);
});

test('what is dearer than allowed is not worth it, and said to be', async () => {
  const { stdout } = await ksmd('plan', recording, '--max-cpu', '0.001%');
  expect(stdout).toMatch(
    /: leave KSM off: 800 KiB .*, but even pages_to_scan=100 takes .* than the 0.001 % allowed\n/,
  );
  expect(stdout).not.toContain('echo');
});

test('what is played beyond the recording is said to be', async () => {
  expect((await ksmd('plan', recording)).stdout).toMatch(/^It is of one look: /m);
  const { stdout } = await ksmd('plan', recorded({}));
  expect(stdout).toMatch(/^Where the recording ends it goes on as its latter half did\.$/m);
});

test('--json has the goals, the settings and what comes of them', async () => {
  const { stdout } = await ksmd('plan', recording, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    goals: { withinSeconds: 600, mostCpu: 0.1 },
    advisedOnly: false,
    isWorthIt: true,
    settings: { pages_to_scan: 100, smart_scan: 1 },
    outcome: { freedBytes: 200 * 4096 },
    tunables: { recorded: {}, left: {} },
  });
});

test('memory of a kind that never merges is named, all guests together', async () => {
  const path = recorded({
    more: [1, 2].map((guest) => ({
      type: 'numbers',
      guest,
      values: [2 ** 32, 2 ** 30, 2 ** 29],
    })),
  });
  const { stdout } = await ksmd('plan', path, '--min-saving', '1GiB');
  expect(stdout).toMatch(/: leave KSM off: /);
  expect(stdout).toMatch(/^2 GiB are shared memory \(share=on, memfd, tmpfs\): KSM merges none/m);
  expect(stdout).toMatch(/^1 GiB are huge pages of hugetlbfs: KSM merges none of them\.$/m);
});
