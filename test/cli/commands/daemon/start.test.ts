/** `ksmd start`: what it refuses before anything is started, and the tunables it begins with. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import { start } from '../../../../src/cli/commands/daemon/verbs.js';
import { Client } from '../../../../src/client/client.js';
import { TUNABLES } from '../../../../src/ksm/records/tunable-records.js';
import { DEFAULT_PRICES } from '../../../../src/prices/default-prices.js';
import { DaemonProcess, ksmd, TemporaryDirectory } from '../../../daemon-process.js';
import { Terminal } from '../../../terminal.js';
import { until } from '../../../until.js';

describe('a wrong command line is refused in one line, with nothing started:', () => {
  test.each([
    ['--pages-to-scan 5000000000', /^EINVAL: pages_to_scan .* 0 to 4294967295, not 5000000000$/],
    ['--sleep-ms 5000000000', /^EINVAL: sleep_millisecs .* 0 to 4294967295, not 5000000000$/],
    ['--sleep-ms -1', /^EINVAL: sleep_millisecs takes whole .*, not -1$/],
    ['--set run=3', /^EINVAL: run takes whole numbers from 0 to 2, not 3$/],
    ['--set advisor_mode=fast', /^EINVAL: advisor_mode takes none or scan-time, not fast$/],
    ['--set nonsense=1', /^ENOENT: no tunable 'nonsense': with Linux 6\.18 there are run, /],
    ['--kernel 6.1 --set smart_scan=0', /^ENOENT: no tunable 'smart_scan': with Linux 6\.1 /],
    ['--set run=0 --run 1', /^EINVAL: run is given twice, by --set and by --run$/],
    [
      '--pages-to-scan 7 --set pages_to_scan=7',
      /^EINVAL: pages_to_scan is given twice, by --set and by --pages-to-scan$/,
    ],
    ['--set run=0 --set run=0', /^EINVAL: run is given twice, by --set and by --set$/],
    [
      '--set advisor_mode=scan-time --pages-to-scan 9',
      /^EINVAL: pages_to_scan is chosen by the advisor/,
    ],
    [
      '--memory 3',
      /^EINVAL: a memory of 3 bytes: take a positive multiple of the page size, 4096$/,
    ],
    ['--page-size 5', /^EINVAL: a page of 5 bytes: take a power of two from 16 to 65536$/],
    ['--http nowhere', /^EINVAL: 'nowhere' is no HOST:PORT/],
  ])('%s', async (options, line) => {
    const directory = new TemporaryDirectory();
    const socket = directory.file('ksmd.sock');
    const log = directory.file('log');
    const outcome = await ksmd([
      'start',
      ...['--socket', socket, '--log-file', log],
      ...options.split(' '),
    ]);
    expect(outcome).toMatchObject({ status: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^ksmd: [^\n]*\n$/);
    expect(outcome.stderr.slice('ksmd: '.length).trimEnd()).toMatch(line);
    expect(readdirSync(directory.path)).toEqual([]);
    directory.remove();
  });

  test.each([
    ['--run 7', 'Allowed choices are 0, 1.'],
    ['--set nonsense', 'Write NAME=VALUE.'],
  ])('%s, by the parser', async (options, allowed) => {
    const outcome = await ksmd(['start', ...options.split(' ')]);
    expect(outcome).toMatchObject({ status: 2, stdout: '' });
    expect(outcome.stderr).toContain(allowed);
  });
});

describe('begins with', () => {
  test('any tunables of the kernel, and the short forms beside them', async () => {
    const daemon = await DaemonProcess.start([
      ...['--set', 'max_page_sharing=17', '--set', 'advisor_target_scan_time=60'],
      ...['--set', 'run=0', '--set', 'change_detection=dirty', '--sleep-ms', '9'],
    ]);
    expect(await daemon.client.ksm()).toMatchObject({
      max_page_sharing: 17,
      advisor_target_scan_time: 60,
      run: 0,
      change_detection: 'dirty',
      sleep_millisecs: 9,
      pages_to_scan: 100,
    });
    await daemon.stop();
  });

  test('prices that are given, and says whose they are; default ones, and says that', async () => {
    const directory = new TemporaryDirectory();
    const prices = directory.file('prices.json');
    writeFileSync(prices, JSON.stringify({ ...DEFAULT_PRICES, measuredOn: 'a host of ours' }));
    for (const [options, whose, said] of [
      [['--prices', prices], { measuredOn: 'a host of ours', areDefault: false }, 'measured on a'],
      [[], { measuredOn: DEFAULT_PRICES.measuredOn, areDefault: true }, 'default ones, of Linux 6'],
    ] as const) {
      const daemon = await DaemonProcess.start(['--memory', '4MiB', ...options]);
      const { client } = daemon;
      await client.createGuest('a');
      await client.map('a', 'memory', { pages: 100, address: 4096 });
      await client.store('a', 4096, Buffer.alloc(100 * 4096, 1));
      await until('a page has been seen', async () =>
        (await daemon.ksmd('status')).stdout.includes(`\n  prices    ${said}`),
      );
      expect((await client.status()).scanner.prices).toEqual(whose);
      const { stdout } = await daemon.ksmd('status', '--json');
      expect(JSON.parse(stdout).scanner.prices).toEqual(whose);
      expect(await daemon.stop()).toBe(0);
    }
    directory.remove();
  });

  test('nothing, where prices are none', async () => {
    const directory = new TemporaryDirectory();
    const file = directory.file('file');
    writeFileSync(file, JSON.stringify({ ...DEFAULT_PRICES, visit: 'much' }));
    for (const [path, line] of [
      [
        file,
        /^ksmd: EINVAL: .*these are no prices: \/visit .*'ksmd calibrate' writes such files\n$/,
      ],
      [directory.file('none'), /^ksmd: ENOENT: cannot read /],
    ] as const) {
      const socket = directory.file('ksmd.sock');
      const refused = await ksmd(['start', '--socket', socket, '--prices', path]);
      expect(refused).toMatchObject({ status: 1, stdout: '' });
      expect(refused.stderr).toMatch(line);
      expect(existsSync(socket)).toBe(false);
    }
    directory.remove();
  });

  test('run 1 where nothing is said of it, with the tunables of the advisor in place', async () => {
    const daemon = await DaemonProcess.start([
      ...['--set', 'advisor_min_pages_to_scan=123', '--set', 'advisor_mode=scan-time'],
    ]);
    expect(await daemon.client.ksm()).toMatchObject({ run: 1, pages_to_scan: 123 });
    await daemon.stop();
  });

  test('a snapshot, unless what is set cannot be beside its pages', async () => {
    const directory = new TemporaryDirectory();
    const snapshot = directory.file('host.snap');
    const first = await DaemonProcess.start(['--run', '0']);
    expect((await first.ksmd('ksmpages', 'a', '--size', '64KiB')).status).toBe(0);
    expect((await first.ksmd('ksmpages', 'b', '--size', '64KiB')).status).toBe(0);
    expect((await first.ksmd('scan', '--pages', '1000', '--times', '2')).status).toBe(0);
    expect((await first.ksmd('snapshot', snapshot)).status).toBe(0);
    await first.stop();

    const again = await DaemonProcess.start(['--restore', snapshot, '--set', 'sleep_millisecs=77']);
    expect(await again.client.ksm()).toMatchObject({ run: 0, sleep_millisecs: 77 });
    await again.stop();

    const refused = DaemonProcess.spawn(['--restore', snapshot, '--set', 'max_page_sharing=9']);
    expect(await refused.exited).toBe(17);
    expect(refused.stderr).toMatch(/^ksmd: EBUSY: .*max_page_sharing cannot change/);
    expect(existsSync(refused.socketPath)).toBe(false);
    refused.directory.remove();
    directory.remove();
  });

  test('a snapshot under an older kernel, and tells what that lacks', async () => {
    const directory = new TemporaryDirectory();
    const snapshot = directory.file('host.snap');
    const first = await DaemonProcess.start(['--run', '0']);
    expect((await first.ksmd('ksmpages', 'a', '--size', '64KiB')).status).toBe(0);
    expect((await first.ksmd('snapshot', snapshot)).status).toBe(0);
    await first.stop();
    const again = await DaemonProcess.start(['--restore', snapshot, '--kernel', '5.15']);
    expect(await again.client.status()).toMatchObject({ kernel: '5.15', presentPages: 16 });
    expect(again.log.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({
        msg: expect.stringMatching(
          /^of the snapshot: Linux 5\.15 has no smart_scan, advisor_mode, .*: left out$/,
        ),
      }),
    ]);
    await again.stop();
    directory.remove();
  });

  test.each([
    [['--kernel', '5.15.0-91-generic'], '5.15', 'Linux 5.15: like 6.1'],
    [['--kernel', '7.2'], '6.18', 'Linux 6.18: 7.2 is newer than any whose source was read'],
    [['--kernel', '6.18'], '6.18', undefined],
  ])('any kernel, and says which it is like: %o', async (args, kernel, note) => {
    const daemon = await DaemonProcess.start(args);
    expect((await daemon.client.status()).kernel).toBe(kernel);
    const notes = daemon.log.map(({ msg }) => msg).filter((msg) => /^Linux /.test(String(msg)));
    expect(notes).toEqual(note === undefined ? [] : [note]);
    await daemon.stop();
  });

  test('the kernel of the host, and says what it goes by', async () => {
    const daemon = await DaemonProcess.start(['--kernel', 'host']);
    const { kernel } = await daemon.client.status();
    const [note] = daemon.log.map(({ msg }) => String(msg)).filter((msg) => /^Linux /.test(msg));
    expect(note).toContain(`Linux ${kernel}: by `);
    expect(note).toContain(release());
    await daemon.stop();
  });
});

test('its help tells the defaults of the tunables that have options of their own', () => {
  const help = (name: string): string =>
    start.options.find(({ long }) => long === name)?.description ?? '';
  expect(help('--pages-to-scan')).toContain(`, ${TUNABLES.pages_to_scan.initial})`);
  expect(help('--sleep-ms')).toContain(`, ${TUNABLES.sleep_millisecs.initial})`);
});

describe('the log on a terminal', () => {
  test.each([
    ['is lines for people', [], /^\d\d:\d\d:\d\d guest web is registered {2}node 0\r*$/m],
    ['is JSON where that is asked for', ['--json'], /^\{.*"guest":"web".*\}\r*$/m],
  ])('%s', async (_what, options, line) => {
    const directory = new TemporaryDirectory();
    const socket = directory.file('ksmd.sock');
    const terminal = Terminal.ksmd(['start', '--memory', '1MiB', '--socket', socket, ...options]);
    await until('it listens', () => terminal.plain.includes('listening'));
    const client = new Client(socket);
    await client.createGuest('web');
    await until('it is told', () => line.test(terminal.plain));
    // Whoever asks on the socket gets the same JSON.
    const told = (await ksmd(['logs', '--json', '--socket', socket])).stdout;
    expect(told).toContain('"guest":"web"');
    client.close();
    terminal.type('\x03');
    expect(await terminal.exited).toBe(0);
    directory.remove();
  });

  test('in a file it is JSON', async () => {
    const directory = new TemporaryDirectory();
    const log = directory.file('log');
    const start = ['start', '--memory', '1MiB', '--socket', directory.file('ksmd.sock')];
    const terminal = Terminal.ksmd([...start, '--log-file', log]);
    await until(
      'it listens',
      () => existsSync(log) && readFileSync(log, 'utf8').includes('"msg":"listening"'),
    );
    await terminal.signal('SIGTERM');
    expect(await terminal.exited).toBe(0);
    directory.remove();
  });
});
