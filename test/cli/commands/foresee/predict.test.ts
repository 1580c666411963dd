/** `ksmd predict` as people run it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_PRICES } from '../../../../src/prices/default-prices.js';
import { PAGE_CONTENT } from '../../../../src/recording/format.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import { KSMD, run, TemporaryDirectory, text } from '../../../daemon-process.js';
import { GUEST, HEADER } from '../../../recording/small-recording.js';
import { Terminal } from '../../../terminal.js';
import { until } from '../../../until.js';

let directory: TemporaryDirectory;
let recording: string;

beforeAll(async () => {
  directory = new TemporaryDirectory();
  recording = directory.file('two.rec');
  const image = directory.file('one.img');
  const page = (number: number): Buffer => Buffer.alloc(4096, `page ${number} `);
  writeFileSync(image, Buffer.concat(Array.from({ length: 200 }, (_, at) => page(at % 150))));
  await ksmd('capture', '--image', image, '--duration', '0', '--output', recording);
});
afterAll(() => directory.remove());

function ksmd(...args: string[]): ReturnType<typeof run> {
  const env = { ...process.env, XDG_CONFIG_HOME: directory.path };
  return run(process.execPath, [KSMD, ...args], { env });
}

test('a row for each of the settings, and what they rest on', async () => {
  const { status, stdout } = await ksmd(
    ...['predict', recording, '--sweep', 'pages_to_scan=100,1000', '--sweep', 'smart_scan=0,1'],
  );
  expect(status).toBe(0);
  const rows = stdout.split('\n').filter((line) => line.startsWith('pages_to_scan='));
  expect(rows.map((row) => row.split('  ')[0])).toEqual([
    'pages_to_scan=100 smart_scan=0',
    'pages_to_scan=100 smart_scan=1',
    'pages_to_scan=1000 smart_scan=0',
    'pages_to_scan=1000 smart_scan=1',
  ]);
  for (const row of rows) expect(row).toMatch(/ 200 KiB +/);
  expect(stdout).toContain(DEFAULT_PRICES.measuredOn);
  expect(stdout).toContain("A guest's first write to a merged page takes 6.3 µs more: ");
});

test('--json has every counter at every sample, and the prices that it went by', async () => {
  const prices = directory.file('prices.json');
  writeFileSync(prices, JSON.stringify({ ...DEFAULT_PRICES, measuredOn: 'my machine' }));
  const { stdout } = await ksmd(
    ...['predict', recording, '--json', '--for', '5s', '--every', '500ms', '--prices', prices],
  );
  const { prices: used, pricesAreDefault, runs } = JSON.parse(stdout);
  expect([used.measuredOn, pricesAreDefault]).toEqual(['my machine', false]);
  expect(runs).toHaveLength(1);
  expect(runs[0].samples).toHaveLength(11);
  expect(runs[0].samples.at(-1)).toMatchObject({ t: 5, pages_shared: 50, pages_sharing: 50 });
});

test('--json says of which host, by which kernel and for how long', async () => {
  const { stdout } = await ksmd('predict', recording, '--json', '--for', '5s', '--kernel', 'host');
  expect(JSON.parse(stdout)).toMatchObject({
    host: hostname(),
    kernel: expect.stringMatching(/^\d+\.\d+$/),
    recordedOn: expect.any(String),
    ...{ sweeps: 1, pageSize: 4096, sample: 1, seconds: 5, recordedSeconds: 0 },
  });
});

test('plan --json has what its screen has', async () => {
  const told = JSON.parse((await ksmd('plan', recording, '--json')).stdout);
  const { stdout } = await ksmd('plan', recording);
  expect(stdout.startsWith(`${told.host}: ${told.verdict}\n`)).toBe(true);
  expect(told.toDo.filter((line: string) => line.startsWith('  echo '))).not.toEqual([]);
  for (const line of told.toDo.filter((each: string) => each.startsWith(' ')))
    expect(stdout).toContain(line);
  expect(told).toMatchObject({
    ...{ presentBytes: 200 * 4096, notAdvisedBytes: 0, sharedBytes: 0, hugetlbBytes: 0 },
    ...{ kernel: '6.18', recordedSeconds: 0 },
  });
});

test('estimate --json has its verdict in bytes, and how long the look was', async () => {
  expect(JSON.parse((await ksmd('estimate', recording, '--json')).stdout)).toMatchObject({
    ...{ host: hostname(), pageSize: 4096, sample: 1, durationMs: expect.any(Number) },
    ...{ savedBytes: 50 * 4096, savedErrorBytes: 0, inUseBytes: 200 * 4096, sharedBytes: 0 },
  });
});

test.each([
  ['estimate', '--sample', '1/16'],
  ['shared', '--sample', '1/16'],
  ['predict', '--csv', '--json'],
  ['predict', '--every', '0'],
  ['plan', '--within', '0'],
])('%s %s is refused where it would be for nothing', async (verb, ...options) => {
  const { status, stdout, stderr } = await ksmd(verb, recording, ...options);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/--sample|--csv or --json|at least a millisecond/);
});

test('a value that is swept twice is played once', async () => {
  const { stdout } = await ksmd('predict', recording, '--sweep', 'pages_to_scan=100,100,200');
  expect(stdout.match(/^pages_to_scan=/gm)).toHaveLength(2);
});

test('--csv has a row a sample, the settings first', async () => {
  const { stdout } = await ksmd(
    ...['predict', recording, '--csv', '--for', '2s', '--set', 'pages_to_scan=7'],
  );
  const [head, ...rows] = stdout.trim().split('\n');
  expect(head).toMatch(/^pages_to_scan,t,full_scans,.*,guest_cpu_seconds$/);
  expect(rows.map((row) => row.split(',').slice(0, 2).join())).toEqual(['7,0', '7,1', '7,2']);
});

test('prices that a recording was given are gone by', async () => {
  const prices = directory.file('its.json');
  writeFileSync(prices, JSON.stringify({ ...DEFAULT_PRICES, measuredOn: 'that server' }));
  const priced = directory.file('priced.rec');
  const image = directory.file('one.img');
  await ksmd(
    ...['capture', '--image', image, '--duration', '0', '--output', priced, '--prices', prices],
  );
  const { stdout } = await ksmd('predict', priced, '--json', '--for', '1s');
  expect(JSON.parse(stdout).prices.measuredOn).toBe('that server');
});

test('it is said whether anybody has measured the host that the prices are of', async () => {
  const page = directory.file('prices.html');
  const args = ['predict', recording, '--for', '1s'];
  const host = hostname();
  const bare = await ksmd(...args, '--html', page);
  expect(bare.stdout).toContain(
    `Nobody has measured ${host} ('ksmd calibrate' does): default prices, of\n` +
      `${DEFAULT_PRICES.measuredOn}.`,
  );
  expect(readFileSync(page, 'utf8')).toContain(`: nobody has measured ${host}`);
  expect(JSON.parse((await ksmd(...args, '--json')).stdout).pricesAreDefault).toBe(true);
  const prices = directory.file('measured.json');
  writeFileSync(prices, JSON.stringify({ ...DEFAULT_PRICES, measuredOn: 'my machine' }));
  const priced = await ksmd(...args, '--prices', prices, '--html', page);
  expect(priced.stdout).toContain('Its prices were measured on\nmy machine.');
  expect(priced.stdout).not.toMatch(/calibrate|default/);
  expect(readFileSync(page, 'utf8')).toContain('<dd>measured on my machine</dd>');
});

test.each([
  [['--set', 'pages_to_scan=-1'], 'EINVAL: '],
  [['--sweep', 'nothing=1,2'], "ENOENT: no tunable 'nothing'"],
  [
    ['--set', 'pages_to_scan=200', '--sweep', 'pages_to_scan=100'],
    'EINVAL: pages_to_scan is given twice',
  ],
  [['--set', 'run=1', '--set', 'run=1'], 'EINVAL: run is given twice'],
  [['--prices', '/proc/self/comm'], 'EINVAL: '],
  [['--prices', '/nowhere/prices.json'], 'ENOENT: cannot read '],
  [['--kernel', '6.1', '--set', 'smart_scan=1'], "ENOENT: no tunable 'smart_scan'"],
])('%o is refused', async (args, said) => {
  const { status, stdout, stderr } = await ksmd('predict', recording, ...args);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`ksmd: ${said}`);
});

test('a sample is predicted, and said to be one', async () => {
  const sample = directory.file('sample.rec');
  const image = directory.file('one.img');
  await ksmd(
    ...['capture', '--image', image, '--duration', '0', '--output', sample, '--sample', '1/4'],
  );
  const { status, stdout } = await ksmd('predict', sample);
  expect(status).toBe(0);
  expect(stdout).toContain('About, from one content in 4');
});

test('what is no recording is refused', async () => {
  const { stderr } = await ksmd('predict', directory.file('one.img'));
  expect(stderr).toMatch(/^ksmd: EINVAL: .*is no recording/);
});

test('runs that are done are kept, and not made again', async () => {
  const kept = directory.file('kept');
  const sweep = (values: string): ReturnType<typeof ksmd> =>
    ksmd(
      ...['predict', recording, '--for', '5s', '--json', '--resume', kept],
      ...['--sweep', `pages_to_scan=${values}`],
    );
  await sweep('10,20');
  const lines = readFileSync(kept, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(3);
  // The first can be told from one made again, and the second broke off.
  const [head = '', first = '', second = ''] = lines;
  const told = first.replaceAll('"guest_cpu_seconds":0', '"guest_cpu_seconds":7');
  writeFileSync(kept, `${head}\n${told}\n${second.slice(0, 100)}`);
  const again = await sweep('10,20,30');
  expect(again.status).toBe(0);
  const { runs } = JSON.parse(again.stdout);
  const costs = runs.map(({ samples }: { samples: { guest_cpu_seconds: number }[] }) =>
    Math.max(...samples.map((sample) => sample.guest_cpu_seconds)),
  );
  expect(costs.toSorted()).toEqual([0, 0, 7]);
  expect(readFileSync(kept, 'utf8').trim().split('\n')).toHaveLength(5);
  const { status, stderr } = await ksmd(
    ...['predict', recording, '--resume', directory.file('no/kept')],
  );
  expect(status).toBe(1);
  expect(stderr).toContain('ENOENT: cannot write');
});

test('a file of something else is refused for --resume, and stays as it is', async () => {
  const copy = directory.file('copy.rec');
  copyFileSync(recording, copy);
  const list = directory.file('list');
  writeFileSync(list, 'milk\n{"of":"milk"}\n');
  const link = directory.file('link');
  symlinkSync(copy, link);
  for (const other of [copy, list, link]) {
    const before = readFileSync(other);
    const refused = await ksmd('predict', recording, '--for', '1s', '--resume', other);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^ksmd: EEXIST: .* stays as it is \(name another file, or remove that one\)\n$/,
    );
    expect(readFileSync(other)).toEqual(before);
  }
  const place = await ksmd('predict', recording, '--for', '1s', '--resume', directory.path);
  expect(place).toMatchObject({ status: 1, stdout: '' });
  expect(place.stderr).toMatch(/^ksmd: EISDIR: /);
  // An empty one, as mktemp makes it, is nobody's.
  const empty = directory.file('empty');
  writeFileSync(empty, '');
  expect((await ksmd('predict', recording, '--for', '1s', '--resume', empty)).status).toBe(0);
  expect(readFileSync(empty, 'utf8').split('\n')).toHaveLength(3);
});

test('on a terminal it says how far it has come, and leaves nothing of that', async () => {
  const terminal = Terminal.ksmd(['predict', recording, '--for', '30m', '--sweep', 'run=0,1']);
  expect(await terminal.exited).toBe(0);
  const told = [...terminal.raw.matchAll(/\r(\d) of 2 runs done, (\d+) %/g)];
  expect(told.length).toBeGreaterThan(20);
  expect(told.at(-1)?.slice(1)).toEqual(['2', '100']);
  expect(terminal.raw.split('\r\x1b[K')).toHaveLength(2);
  expect(terminal.plain).toMatch(/^SETTING/m);
});

test('a signal between two runs says what is kept, and how to go on', async () => {
  const kept = directory.file('interrupted');
  const page = directory.file('interrupted.html');
  const args = [
    ...['predict', recording, '--resume', kept, '--html', page],
    ...['--sweep', 'sleep_millisecs=1000,1', '--for', '200h'],
  ];
  const predicting = spawn(process.execPath, [KSMD, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const told = text(predicting.stderr);
  const ended = once(predicting, 'close');
  const lines = (): number =>
    existsSync(kept) ? readFileSync(kept, 'utf8').split('\n').length : 0;
  await until('one of the runs is done', () => lines() === 3);
  predicting.kill('SIGINT');
  expect(await ended).toEqual([null, 'SIGINT']);
  expect(told()).toBe(
    `ksmd: kept in '${kept}': 1 of 2 runs; the same command line goes on with the others\n`,
  );
  expect(readdirSync(directory.path).filter((name) => name.includes('interrupted.html'))).toEqual(
    [],
  );
});

test('a row a policy, beside what is swept; what a policy chooses cannot be set', async () => {
  const { stdout, status } = await ksmd(
    ...['predict', recording, '--policy', 'advisor', '--for', '5s'],
    ...['--sweep', 'smart_scan=0,1', '--sweep', 'pages_to_scan=10,20'],
  );
  expect(status).toBe(0);
  const rows = stdout.split('\n').filter((line) => /^(policy|smart_scan)=/.test(line));
  expect(rows.map((row) => row.split('  ')[0])).toEqual([
    'smart_scan=0 pages_to_scan=10',
    'smart_scan=0 pages_to_scan=20',
    'smart_scan=1 pages_to_scan=10',
    'smart_scan=1 pages_to_scan=20',
    'policy=advisor smart_scan=0',
    'policy=advisor smart_scan=1',
  ]);
  const both = await ksmd('predict', recording, '--policy', 'advisor', '--set', 'pages_to_scan=1');
  expect(both).toMatchObject({ status: 1, stdout: '' });
  expect(both.stderr).toContain('EINVAL: pages_to_scan is what a policy chooses');
  const file = directory.file('k,"s".conf');
  writeFileSync(file, 'KSM_MONITOR_INTERVAL=1\n');
  const host = directory.file('host.rec');
  const writer = RecordingWriter.create(host, HEADER);
  writer.write({ ...GUEST, guest: 1 });
  writer.write({ type: 'numbers', guest: undefined, values: [2 ** 34, 2 ** 30] });
  writer.write({ type: 'numbers', guest: 1, values: [2 ** 30] });
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.close();
  const csv = await ksmd('predict', host, '--policy', `ksmtuned:${file}`, '--csv');
  expect(csv.stdout.split('\n')[1]).toContain(`"ksmtuned:${file.replaceAll('"', '""')}",0,`);
  const told = await ksmd('predict', host, '--policy', `ksmtuned:${file}`);
  expect(told.stdout).toContain(`\npolicy=ksmtuned:${file} never switches KSM on: as much`);
  const images = await ksmd('predict', recording, '--policy', 'ksmtuned');
  expect(images.stderr).toContain('ENODATA: the recording does not tell how much memory the host');
  const own = await ksmd('predict', recording, '--policy', 'advisor', '--set', 'sleep_millisecs=5');
  expect(own.status).toBe(0);
  for (const set of [
    ['--set', 'pace=kernel'],
    ['--for', '0s'],
  ])
    expect((await ksmd('predict', recording, ...set)).stderr).toMatch(/^ksmd: EINVAL: /);
  const wrong = await ksmd('predict', recording, '--policy', 'ksmtune');
  expect(wrong.status).toBe(2);
});

test('runs of one command are all as long as the one that needs most, and it is said why', async () => {
  const host = directory.file('minute.rec');
  const writer = RecordingWriter.create(host, HEADER);
  writer.write({ ...GUEST, guest: 1 });
  writer.write({ type: 'numbers', guest: undefined, values: [2 ** 34, 2 ** 30] });
  writer.write({ type: 'numbers', guest: 1, values: [2 ** 30] });
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.close();
  const both = ['predict', host, '--sweep', 'pages_to_scan=10,20', '--policy', 'ksmtuned'];
  const ends = async (...more: string[]): Promise<number[]> =>
    JSON.parse((await ksmd(...both, ...more, '--json')).stdout).runs.map(
      ({ samples }: { samples: { t: number }[] }) => samples.at(-1)?.t,
    );
  expect(await ends()).toEqual([600, 600, 600]);
  expect(await ends('--for', '2m')).toEqual([120, 120, 120]);
  const why = 'All runs take 10 min, so that a policy looks ten times';
  const told = await ksmd(...both);
  expect(told.stdout).toMatch(/: 10 min of KSM, by a recording of one look\n/);
  expect(told.stdout).toContain(`\n${why}; --for says otherwise.\n`);
  for (const args of [[...both, '--for', '10m'], both.slice(0, -2)])
    expect((await ksmd(...args)).stdout).not.toContain('All runs take');
});

test('with --tenants each setting is run with guests merged together, and apart', async () => {
  const two = directory.file('tenants.rec');
  const image = directory.file('one.img');
  const other = directory.file('other.img');
  writeFileSync(other, readFileSync(image));
  const images = ['--image', image, '--image', other];
  await ksmd('capture', ...images, '--duration', '0', '--output', two);
  const tenants = directory.file('tenants');
  writeFileSync(tenants, 'one* red\n* blue\n');
  const { stdout } = await ksmd(
    ...['predict', two, '--tenants', tenants, '--set', 'smart_scan=0', '--for', '1m'],
  );
  expect(stdout).toMatch(/^tenants=together smart_scan=0 +1000 KiB /m);
  expect(stdout).toMatch(/^tenants=apart smart_scan=0 +400 KiB /m);
  expect(stdout).toContain('its tenant, which no real\nkernel can have it do');
  writeFileSync(tenants, 'one* red\n');
  expect((await ksmd('predict', two, '--tenants', tenants)).stderr).toMatch(
    /EINVAL: no line of .* says whose 'other\.img' is/,
  );
});

test('beside tenants apart stands what nodes apart would be, where a host has several', async () => {
  const host = directory.file('nodes.rec');
  const writer = RecordingWriter.create(host, HEADER);
  // Two equal ones on node 0 are two tenants', a third on node 1 is the first one's.
  const fingerprints = randomBytes(100 * 16);
  for (const [at, node] of [0, 0, 1].entries()) {
    const where = { guest: at + 1, page: 512, pages: 100 };
    writer.write({ ...GUEST, guest: at + 1, name: `vm${at + 1}`, pid: at + 1 });
    writer.write({ type: 'mapping', ...where, flags: 0, node, label: '' });
    writer.write({ type: 'pages', ...where, state: PAGE_CONTENT, fingerprints });
  }
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.close();
  const tenants = directory.file('tenants');
  writeFileSync(tenants, 'vm2 blue\n* red\n');
  const { stdout } = await ksmd('predict', host, '--tenants', tenants, '--json');
  const saved = JSON.parse(stdout).runs.map(
    ({ settings, outcome }: { settings: object; outcome: { freedBytes: number } }) => [
      settings,
      outcome.freedBytes / 4096,
    ],
  );
  expect(saved).toEqual([
    [{ tenants: 'together' }, 200],
    [{ tenants: 'together', merge_across_nodes: '0' }, 100],
    [{ tenants: 'apart' }, 100],
  ]);
});

test('--html writes a page beside what is printed, whole or not at all', async () => {
  const page = directory.file('page.html');
  const args = ['predict', recording, '--for', '5s'];
  const bare = await ksmd(...args);
  const table = await ksmd(...args, '--html', page);
  expect(table).toMatchObject({ status: 0, stderr: '' });
  expect(table.stdout).toBe(`${bare.stdout}${page}: the same with its curves, for a browser.\n`);
  const written = readFileSync(page, 'utf8');
  expect(written).toMatch(/^<!doctype html>.*<\/html>\n$/s);
  expect(written).toContain('200 KiB');
  // As JSON and CSV nothing but these is printed; an older page is replaced.
  writeFileSync(page, `${written}older`);
  const json = await ksmd(...args, '--json', '--html', page);
  expect(JSON.parse(json.stdout).runs).toHaveLength(1);
  expect(readFileSync(page, 'utf8')).toBe(written);
  // Found out by the prediction, once the page has been begun.
  const refused = await ksmd(
    ...['predict', recording, '--for', '1h', '--every', '1ms', '--html', page],
  );
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toContain('EINVAL: more than 1000000 samples');
  expect(readFileSync(page, 'utf8')).toBe(written);
  expect(readdirSync(directory.path).filter((name) => name.includes('page.html'))).toEqual([
    'page.html',
  ]);
});

test('--html replaces no file but a page of its own, and predicts nothing for it', async () => {
  const page = directory.file('diary.html');
  writeFileSync(page, '<!doctype html>mine');
  const { status, stdout, stderr } = await ksmd('predict', recording, '--html', page);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain("diary.html' is there, and is no page of ksmd's");
  expect(stderr).toContain('name another file, or remove that one');
  expect(readFileSync(page, 'utf8')).toBe('<!doctype html>mine');
});

test.each([
  ['/nowhere/page.html', 'ENOENT'],
  ['/', 'EISDIR'],
])('nothing is predicted for a page that cannot be written: %s', async (path, code) => {
  const { status, stdout, stderr } = await ksmd('predict', recording, '--html', path);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(new RegExp(`^ksmd: ${code}: [^\n]*${path}[^\n]*\n$`));
  expect(stderr).not.toContain('.part');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a page that %s comes between is not there, nor any part of it',
  async (signal) => {
    const name = `${signal}.html`;
    const page = directory.file(name);
    const parts = (): string[] =>
      readdirSync(directory.path).filter((each) => each.startsWith(name));
    const args = ['predict', recording, '--for', '500h', '--html', page];
    const predicting = spawn(process.execPath, [KSMD, ...args], { stdio: 'ignore' });
    const ended = once(predicting, 'close');
    await until('the page is begun', () => parts().length === 1);
    predicting.kill(signal);
    expect(await ended).toEqual([null, signal]);
    expect(parts()).toEqual([]);
  },
);

test('the kernel followed is that of the recording, as new as the files of KSM that it had', async () => {
  const enterprise = directory.file('enterprise.rec');
  const header = {
    ...HEADER,
    kernel: '5.14.0-503.11.1.el9_5.x86_64 x86_64',
    facts: { 'ksm/advisor_mode': '[none] scan-time' },
  };
  const writer = RecordingWriter.create(enterprise, header);
  writer.write({ ...GUEST, guest: 1 });
  writer.write({ type: 'numbers', guest: 1, values: [2 ** 30] });
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.close();
  const { status, stdout } = await ksmd('predict', enterprise, '--for', '1s');
  expect(status).toBe(0);
  expect(stdout.replaceAll('\n', ' ')).toContain(
    'As Linux 6.8 does it (by advisor_mode of 5.14.0-503.11.1.el9_5.x86_64, ' +
      'which came with 6.8; like 6.1, ',
  );
  const named = await ksmd('predict', enterprise, '--kernel', '6.18', '--for', '1s');
  expect(named.stdout).toContain(
    'As Linux 6.18 does it; the recording is of 5.14.0-503.11.1.el9_5',
  );
});
