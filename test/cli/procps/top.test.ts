/** `ksmd top`, once and live on a terminal. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess, KSMD, ksmd, run, TemporaryDirectory } from '../../daemon-process.js';
import { Terminal, type TerminalOptions } from '../../terminal.js';
import { until } from '../../until.js';

const BASE = 0x100000000;
const PAGE = 4096;
const MIB = 2 ** 20;
const LONG = 'a-guest-whose-name-is-as-long-as-names-may-be-0123456789-the-end';

/**
 * Twins hold the same 256 pages, each other than the next; the single one holds 128 of its own, the
 * last two nothing.
 */
async function fill(daemon: DaemonProcess): Promise<void> {
  const { client } = daemon;
  const pages = (count: number, mark: number): Buffer => {
    const bytes = Buffer.alloc(count * PAGE, mark);
    for (let page = 0; page < count; page++) bytes.writeUInt32LE(page + 1, page * PAGE);
    return bytes;
  };
  for (const [guest, registered, bytes] of [
    ['twin-1', 512, pages(256, 7)],
    ['twin-2', 256, pages(256, 7)],
    ['single', 256, pages(128, 9)],
    ['b-empty', 256, undefined],
    [LONG, 256, undefined],
  ] as const) {
    await client.createGuest(guest);
    await client.map(guest, 'memory', { pages: registered });
    if (bytes !== undefined) await client.store(guest, BASE, bytes);
  }
  for (let i = 0; i < 4; i++) await client.scan(10_000);
}

/** Answers as a daemon does, once, and then no more. */
class SilentAfterOneLook {
  unanswered = 0;

  private constructor(
    private readonly directory: TemporaryDirectory,
    private readonly server: Server,
  ) {}

  static async like({ client }: DaemonProcess): Promise<SilentAfterOneLook> {
    const answers = new Map<string | undefined, object>([
      ['/v1/status', await client.status()],
      ['/v1/guests', { guests: await client.guests() }],
      ['/v1/workloads', { workloads: await client.workloads() }],
    ]);
    const server = createServer(({ url }, response) => {
      const answer = answers.get(url);
      answers.delete(url);
      if (answer === undefined) silent.unanswered++;
      else response.end(JSON.stringify(answer));
    });
    const silent = new SilentAfterOneLook(new TemporaryDirectory(), server);
    server.listen(silent.socketPath);
    await once(server, 'listening');
    return silent;
  }

  get socketPath(): string {
    return this.directory.file('silent.sock');
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
    this.directory.remove();
  }
}

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
  await daemon.client.setKsm({ smart_scan: 0 });
  await fill(daemon);
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

function live(options: TerminalOptions = {}, interval = '0.1'): Terminal {
  return Terminal.ksmd(['top', '--interval', interval], {
    ...options,
    env: { KSMD_SOCKET: daemon.socketPath, ...options.env },
  });
}

/** Names in the order of the table. */
function guestsOf(lines: readonly string[]): string[] {
  const head = lines.findIndex((line) => line.trimEnd().endsWith('GUEST'));
  return lines.slice(head + 1, -1).flatMap((line) => line.trim().split(/\s+/)[9] ?? []);
}

describe('once', () => {
  test('a table of what guests take up, save and cost, the one that saves most first', async () => {
    const { status, stdout, stderr } = await daemon.ksmd('top');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^ksmd \d+\.\d+\.\d+ - \d\d:\d\d:\d\d up 0:\d\d, as Linux 6\.18$/);
    expect(lines[1]).toBe('Guests: 5 total, 0 workloads running, 0 waiting for a frame');
    expect(lines[2]).toMatch(/^CPU {2}\[\|*#* *\] \d+\.\d % of \d+ processors?$/);
    expect(lines[3]).toMatch(/^ {5}scanner \d+\.\d % {2}[\d.,]+ % as a kernel {2}guests 0\.0 %$/);
    expect(lines[4]).toMatch(/^Mem {2}\[#- +\] 1\.5 MiB of 64 MiB used$/);
    expect(lines[5]).toBe('     saved 1 MiB, 40.0 %  shared 1 MiB');
    expect(lines[6]).toMatch(/^Scan \[ +\] stopped, 4 full scans$/);
    expect(lines[7]).toMatch(/^ {5}[\d,]+ scanned\/s {2}[\d,]+ merged\/s {2}0 cow\/s$/);
    expect(lines[9]).toBe(' VIRT   RES   SHR S  %CPU  %MEM  SAVED  COST %SCAN GUEST');
    expect(lines[10]).toMatch(
      /^ 2\.0m {2}1\.0m {2}1\.0m S {3}0\.0 {3}1\.6 {3}512k {3}16k +\d+\.\d twin-1$/,
    );
    expect(lines[11]).toMatch(
      /^ 1\.0m {2}1\.0m {2}1\.0m S {3}0\.0 {3}1\.6 {3}512k {3}16k +\d+\.\d twin-2$/,
    );
    expect(lines.slice(12).map((line) => line.replace(/ +\d+\.\d(?= \S+$)/, ''))).toEqual([
      ` 1.0m    0k    0k S   0.0   0.0     0k    0k ${LONG}`,
      ' 1.0m    0k    0k S   0.0   0.0     0k    0k b-empty',
      ' 1.0m  512k    0k S   0.0   0.8     0k    8k single',
      '',
    ]);
  });

  test('for programs: parts that add up to the whole', async () => {
    const { stdout } = await daemon.ksmd('top', '--json');
    const { guests, ...whole } = JSON.parse(stdout);
    expect(whole).toMatchObject({
      scanner: 'stopped',
      totalBytes: 64 * MIB,
      usedBytes: 1.5 * MIB,
      savedBytes: MIB,
      withoutKsmBytes: 2.5 * MIB,
    });
    const sum = (name: string): number =>
      guests.reduce(
        (total: number, guest: Record<string, number>) => total + (guest[name] ?? 0),
        0,
      );
    expect(sum('savedBytes')).toBe(whole.savedBytes);
    expect(sum('scannerShare')).toBeCloseTo(1);
    expect(guests.find(({ name }: { name: string }) => name === 'twin-1')).toMatchObject({
      registeredBytes: 2 * MIB,
      presentBytes: MIB,
      sharedBytes: MIB,
      savedBytes: MIB / 2,
      bookkeepingBytes: 256 * 64,
    });
  });

  test('a workload shows in its guest', async () => {
    const { id } = await daemon.client.run({ workload: 'dirty', guest: 'busy', pages: 64 });
    await until(
      'it has used some time',
      async () => ((await daemon.client.workloads())[0]?.cpuMs ?? 0) > 0,
    );
    const { guests } = JSON.parse((await daemon.ksmd('top', '--json')).stdout);
    expect(guests.find(({ name }: { name: string }) => name === 'busy')).toMatchObject({
      state: 'R',
      cpus: expect.closeTo(0.5, 0),
    });
    expect((await daemon.client.status()).workloads).toMatchObject({ running: 1, waiting: 0 });
    const { cpuMs } = await daemon.client.kill(id);
    // Nothing that was used is forgotten with the workload.
    expect((await daemon.client.status()).workloads).toMatchObject({
      running: 0,
      cpuMs: expect.toSatisfy((total: number) => total >= cpuMs),
    });
    await daemon.client.removeGuest('busy');
  });

  test('colours only where they are wanted', async () => {
    const env = { KSMD_SOCKET: daemon.socketPath };
    expect((await ksmd(['top'], { env: { ...env, FORCE_COLOR: undefined } })).stdout).not.toContain(
      '\x1b',
    );
    expect((await ksmd(['top'], { env: { ...env, FORCE_COLOR: '1' } })).stdout).toContain(
      '\x1b[7m',
    );
    expect(
      (await ksmd(['top'], { env: { ...env, FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout,
    ).not.toContain('\x1b');
    const onTerminal = Terminal.ksmd(['top', '--once'], { env });
    expect(await onTerminal.exited).toBe(0);
    expect(onTerminal.raw).toContain('\x1b[7m');
    const without = Terminal.ksmd(['top', '--once'], { env: { ...env, NO_COLOR: '1' } });
    expect(await without.exited).toBe(0);
    expect(without.raw).not.toContain('\x1b');
  });
});

describe('live', () => {
  test('fills the screen, follows its size, and leaves the terminal as it was', async () => {
    // What it does before the next look, it does because it was told to.
    const terminal = live({}, '60');
    const first = await until('a frame', () => terminal.frame.length === 24 && terminal.frame);
    expect(Math.max(...first.map((line) => line.length))).toBe(80);
    expect(first.join('\n')).toContain('a-guest-whose-…456789-the-end');
    expect(first.at(-1)).toMatch(/^all 5 {2}by SAVED {2}\? help {2}q quit/);
    await terminal.resize(132, 10);
    const wide = await until(
      'a frame of the new size',
      () => terminal.frame.length === 10 && terminal.frame,
    );
    expect(Math.max(...wide.map((line) => line.length))).toBe(132);
    expect(wide.at(-1)).toMatch(/^1-2 of 5 .* up\/down$/);
    terminal.type('\x1b[F');
    await until('the end of the list', () => terminal.frame.at(-1)?.startsWith('4-5 of 5'));
    expect(terminal.frame.join('\n')).toContain('single');
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
    expect(terminal.isRestored).toBe(true);
  });

  test('keys choose the order', async () => {
    const terminal = live({ columns: 132 });
    await until('a frame', () => guestsOf(terminal.frame).length === 5);
    for (const [key, column, order] of [
      ['n', 'GUEST', [LONG, 'b-empty', 'single', 'twin-1', 'twin-2']],
      ['m', 'RES', ['twin-1', 'twin-2', 'single', LONG, 'b-empty']],
      ['s', 'SAVED', ['twin-1', 'twin-2', LONG, 'b-empty', 'single']],
      ['<', '%MEM', ['twin-1', 'twin-2', 'single', LONG, 'b-empty']],
      ['>', 'SAVED', ['twin-1', 'twin-2', LONG, 'b-empty', 'single']],
      ['>', 'COST', ['twin-1', 'twin-2', 'single', LONG, 'b-empty']],
      ['>>>', 'GUEST', [LONG, 'b-empty', 'single', 'twin-1', 'twin-2']],
    ] as const) {
      terminal.type(key);
      await until(`order by ${column}`, () => terminal.frame.at(-1)?.includes(`by ${column} `));
      expect(guestsOf(terminal.frame)).toEqual(order);
    }
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
  });

  test('? shows the keys, and any key goes back', async () => {
    const terminal = live();
    await until('a frame', () => guestsOf(terminal.frame).length === 5);
    terminal.type('?');
    await until('the help', () => terminal.frame.some((line) => /^ < > +sort by/.test(line)));
    terminal.type('s');
    await until('the guests', () => guestsOf(terminal.frame).length === 5);
    expect(terminal.frame.at(-1)).toContain('by SAVED');
    terminal.type('?q');
    expect(await terminal.exited).toBe(0);
    expect(terminal.isRestored).toBe(true);
  });

  test('without colours with NO_COLOR', async () => {
    const terminal = live({ env: { NO_COLOR: '1' } });
    await until('a frame', () => terminal.frame.length === 24);
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
    // Where to draw, what to clear and which screen are told in such sequences too; those that end
    // in m are colours.
    expect(terminal.raw.split('\x1b[').filter((part) => /^[\d;]*m/.test(part))).toEqual([]);
  });

  test.each([
    ['Ctrl-C', 130, (terminal: Terminal) => terminal.type('\x03')],
    ['SIGINT', 130, (terminal: Terminal) => terminal.signal('SIGINT')],
    ['SIGTERM', 143, (terminal: Terminal) => terminal.signal('SIGTERM')],
  ])('%s ends it with status %i, the terminal as it was', async (_, status, end) => {
    const terminal = live();
    await until('a frame', () => terminal.frame.length === 24);
    await end(terminal);
    expect(await terminal.exited).toBe(status);
    expect(terminal.isRestored).toBe(true);
  });

  test.each([
    ['Ctrl-Z', (terminal: Terminal) => terminal.type('\x1a')],
    ['SIGTSTP', (terminal: Terminal) => terminal.signal('SIGTSTP')],
  ])('%s stops it, the terminal as it was; continued, it draws', async (_, stop) => {
    const terminal = live({ continues: true }, '60');
    await until('a frame', () => terminal.frame.length === 24);
    await stop(terminal);
    const after = await until('it was continued', () => terminal.raw.split('stopped ')[1]);
    expect(after).toBeDefined();
    expect(terminal.isRestoredMeanwhile).toBe(true);
    await until('a frame', () => {
      const [, later = ''] = terminal.raw.split('stopped ');
      return later.includes('\x1b[?1049h') && later.includes('q quit');
    });
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
    expect(terminal.isRestored).toBe(true);
  });

  test('a terminal that cannot be drawn on has one look', async () => {
    const terminal = live({ env: { TERM: 'dumb', NO_COLOR: '1' } }, '60');
    await until('the table', () => terminal.raw.includes('b-empty'));
    expect(terminal.raw).not.toContain('\x1b');
    terminal.type('\x03');
    await terminal.exited;
  });

  test('a daemon that does not answer is not waited for', async () => {
    const silent = await SilentAfterOneLook.like(daemon);
    const terminal = Terminal.ksmd(['top', '--interval', '0.1'], {
      env: { KSMD_SOCKET: silent.socketPath },
    });
    await until('another look is under way', () => silent.unanswered > 0);
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
    silent.close();
    expect(terminal.isRestored).toBe(true);
  });

  test('a daemon that goes away ends it with a sentence, the terminal as it was', async () => {
    const other = await DaemonProcess.start(['--run', '0']);
    const terminal = Terminal.ksmd(['top', '--interval', '0.1'], {
      env: { KSMD_SOCKET: other.socketPath },
    });
    await until('a frame', () => terminal.frame.length === 24);
    await other.stop('SIGKILL');
    expect(await terminal.exited).toBe(1);
    expect(terminal.isRestored).toBe(true);
    expect(terminal.plain).toMatch(
      /ksmd: E[A-Z]+: (no daemon listens on .*: start one|the daemon broke off)/,
    );
  });
});

test('without a terminal it goes on if an interval is given, an object a look, until nobody reads it any more', async () => {
  const line =
    `'${process.execPath}' '${KSMD}' top --interval 0.1 --json | head -3; exit ` +
    `\${PIPESTATUS[0]}`;
  const { stdout, stderr, status } = await run('bash', ['-c', line], {
    env: { KSMD_SOCKET: daemon.socketPath },
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const looks = stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text));
  expect(looks.map(({ guests }) => guests.length)).toEqual([5, 5, 5]);
  expect(looks.map(({ intervalMs }) => intervalMs)).toEqual([
    looks[0].uptimeMs,
    looks[1].uptimeMs - looks[0].uptimeMs,
    looks[2].uptimeMs - looks[1].uptimeMs,
  ]);
});
