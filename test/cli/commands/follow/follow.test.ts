/** Live processes, followed: the daemon's counters say what they hold now, and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordingHeader } from '../../../../src/recording/format.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import { DaemonProcess, KSMD, type Outcome, run, text } from '../../../daemon-process.js';
import { HEADER } from '../../../recording/small-recording.js';
import { until } from '../../../until.js';
import { started, type Told, written } from './told-processes.js';

const PROGRAM = fileURLToPath(new URL('../guests/process-at-work.mjs', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;
/** Scans all there is, all the time. */
const BUSY = ['--set', 'smart_scan=0', '--pages-to-scan', '20000', '--sleep-ms', '5'];

let daemon: DaemonProcess;
const children: ChildProcess[] = [];
const forked: string[] = [];
beforeEach(async () => {
  daemon = await DaemonProcess.start(['--fingerprints', ...BUSY]);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const pid of forked.splice(0)) kill(pid);
  if (daemon.child.exitCode !== null || daemon.child.signalCode !== null) return;
  expect(await daemon.client.check()).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});

function kill(pid: string): void {
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** A process whose memory the test changes. */
class Worker {
  private constructor(
    readonly pid: string,
    readonly children: readonly string[],
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
  ) {}

  static async start(...commands: string[]): Promise<Worker> {
    const child = spawn(process.execPath, [PROGRAM, ...commands], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    const [pid = '', ...others] = String(value).split(' ');
    forked.push(...others);
    return new Worker(pid, others, child, lines);
  }

  /** The numbers of the processes that it has made, if it has. */
  async does(command: string): Promise<string[]> {
    this.child.stdin?.write(`${command}\n`);
    const { value } = await this.lines.next();
    const [said, ...others] = String(value).split(' ');
    expect(said).toBe('done');
    forked.push(...others);
    return others;
  }

  async ends(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }
}

/** `ksmd follow`, as it goes on. */
class Follower {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  private readonly ended: Promise<number | null>;

  constructor(...args: string[]) {
    const looking = ['--key', daemon.directory.file('key'), '--interval', '50ms'];
    const command = [KSMD, 'follow', ...args, ...(args.includes('--recording') ? [] : looking)];
    this.child = spawn(process.execPath, command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, KSMD_SOCKET: daemon.socketPath },
    });
    children.push(this.child);
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error('it has no output');
    this.stdout = text(stdout);
    this.stderr = text(stderr);
    this.ended = once(this.child, 'close').then(([status]) => status as number | null);
  }

  /** Stands still while somebody works: it sees none of it half done. */
  async without<Result>(work: () => Promise<Result>): Promise<Result> {
    this.child.kill('SIGSTOP');
    await until('it stands still', () =>
      /^State:\s+T/m.test(readFileSync(`/proc/${this.child.pid}/status`, 'latin1')),
    );
    const result = await work();
    this.child.kill('SIGCONT');
    return result;
  }

  /** Its exit status, once it has ended; of a signal, after that. */
  end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.child.kill(signal);
    return this.ended;
  }
}

/** Node itself catches SIGINT and SIGTERM; of SIGHUP it is only the command that does. */
function isInterruptible(pid: number | undefined): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const [, caught = '0'] = /^SigCgt:\s+([0-9a-f]+)$/m.exec(status) ?? [];
  return (BigInt(`0x${caught}`) & 1n) !== 0n;
}

function pids(...all: readonly string[]): string[] {
  return all.flatMap((pid) => ['--pid', pid]);
}

/** Waits until the daemon says so. */
async function counters(wanted: Readonly<Record<string, number>>): Promise<void> {
  await until(`counters become ${JSON.stringify(wanted)}`, async () => {
    const { counters: now } = await daemon.client.status();
    return Object.entries(now).filter(([name, value]) => wanted[name] === value).length ===
      Object.keys(wanted).length
      ? true
      : undefined;
  });
}

async function presentPages(): Promise<Record<string, number>> {
  const guests = await daemon.client.guests();
  return Object.fromEntries(guests.map(({ name, presentPages: pages }) => [name, pages]));
}

describe('what processes do to their memory the daemon shows', () => {
  test('as they write it, give it back, and end', async () => {
    const [one, two] = [await Worker.start('advised=600'), await Worker.start('advised=600')];
    const follower = new Follower(...pids(one.pid, two.pid), '--name', 'web-{pid}');
    await counters({ pages_shared: 600, pages_sharing: 600, pages_unshared: 0 });
    // Of what it holds then the first 523 pages are as the other's. A page that was merged stays so
    // when it is alone.
    await follower.without(() => one.does('rewrite=600'));
    await counters({ pages_shared: 600, pages_sharing: 523, pages_unshared: 77 });
    await follower.without(() => one.does('drop=50'));
    await counters({ pages_shared: 600, pages_sharing: 473, pages_unshared: 77 });
    // A page that is given back just before it is read is one of zeroes until the next sweep.
    await until('they are there no more', async () => {
      const pages = await presentPages();
      return pages[`web-${one.pid}`] === 550 && pages[`web-${two.pid}`] === 600;
    });
    // Memory that was not there when it came, as page 7 of the other.
    await follower.without(() => one.does('twins=30'));
    await counters({ pages_shared: 600, pages_sharing: 503, pages_unshared: 77 });
    await one.ends();
    await counters({ pages_shared: 600, pages_sharing: 0, pages_unshared: 0 });
    await until('it is gone', async () => (await daemon.client.guests()).length === 1);
    expect(await presentPages()).toEqual({ [`web-${two.pid}`]: 600 });
    await two.ends();
    expect(await follower.end()).toBe(0);
    expect(follower.stderr()).toBe('');
    expect(await daemon.client.guests()).toEqual([]);
    const said = follower.stdout();
    expect(said).toMatch(/^web-\d+ comes: 600 pages \(2\.3 MiB\)\nweb-\d+ comes: 600 pages/);
    expect(said).toMatch(/\nsweep 1: 2 guests, [\d,]+ pages .* of a processor; \S+ \S+ saved\n/);
    expect(said).toMatch(/\n {2}as KSM sees it: what is advised\n/);
    expect(said).toMatch(/\n {2}as fingerprints, by the key [0-9a-f]{16} in /);
    expect(said).toContain(`\nweb-${one.pid} is gone\n`);
    expect(said).toMatch(/\d+ sweeps followed, until all had ended\n$/);
  });

  test('and pages that nobody writes are stored once', async () => {
    const worker = await Worker.start('advised=600', 'private=100');
    const follower = new Follower('web', '--pid', worker.pid, '--advised', '--json');
    await counters({ pages_unshared: 600 });
    await follower.without(() => worker.does('rewrite=100'));
    const swept = (): Record<string, unknown>[] =>
      follower
        .stdout()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    await until('they are stored, and a sweep later', () =>
      swept()
        .slice(1, -1)
        .some(({ storedPages }) => storedPages !== 0),
    );
    expect(await follower.end('SIGINT')).toBe(0);
    const [first, ...others] = swept();
    expect(first).toMatchObject({ sweep: 1, guests: 1, pages: 600, came: ['web'], gone: [] });
    expect(first).toMatchObject({ storedPages: 600, droppedPages: 0 });
    const stored = others.reduce((sum, { storedPages }) => sum + Number(storedPages), 0);
    expect(stored).toBe(100);
  });

  test('and of a sample what is in it', async () => {
    await daemon.stop();
    daemon = await DaemonProcess.start(['--fingerprints', '--sample', '1/4', ...BUSY]);
    const [one, two] = [await Worker.start('advised=900'), await Worker.start('advised=900')];
    const follower = new Follower(...pids(one.pid, two.pid));
    const merged = await until('they are merged', async () => {
      const { counters: now, presentPages: pages } = await daemon.client.status();
      return now.pages_shared !== 0 && now.pages_sharing === pages - (now.pages_shared ?? 0)
        ? now.pages_sharing
        : undefined;
    });
    expect(merged).toBeGreaterThan(100);
    expect(merged).toBeLessThan(400);
    await follower.without(() => one.does('rewrite=900'));
    await until('what has changed is followed', async () => {
      const { counters: now } = await daemon.client.status();
      return (now.pages_unshared ?? 0) > 0;
    });
    for (const pages of Object.values(await presentPages())) {
      expect(pages).toBeGreaterThan(100);
      expect(pages).toBeLessThan(400);
    }
    expect(await follower.end('SIGINT')).toBe(0);
    expect(follower.stdout()).toMatch(/ saved of a sample, 1 page in 4\n/);
  });

  test.runIf(IS_ROOT)('and forks share what neither has written', async () => {
    const parent = await Worker.start('advised=300', 'fork=1');
    const [early = ''] = parent.children;
    const follower = new Follower(...pids(parent.pid, early), '--advised');
    const shared = async (): Promise<number> =>
      (await daemon.client.status()).saved.forkSharedPages;
    await until('the fork shares', async () => (await shared()) === 300);
    await counters({ pages_sharing: 0 });
    await follower.without(() => parent.does('rewrite=100'));
    await until('the fork shares less', async () => (await shared()) === 200);
    // What the parent has written are the contents of pages 77 to 176 of the child, 77 of which
    // both have still.
    await counters({ pages_shared: 100, pages_sharing: 23 + 2 * 77 });
    expect(await presentPages()).toEqual({ [`node-${parent.pid}`]: 300, [`node-${early}`]: 300 });
    expect(follower.stdout()).toMatch(
      /, a fork of node-\d+: 300 pages \(1\.\d MiB\), 300 of them shared\n/,
    );
    expect(await follower.end('SIGTERM')).toBe(0);
  });
});

describe('a recording that is played', () => {
  /** Two guests of equal pages, ten seconds on one that has changed, then one that has gone. */
  function recorded(name: string, header: Partial<RecordingHeader> = {}): string {
    const path = daemon.directory.file(name);
    const writer = RecordingWriter.create(path, { ...HEADER, ...header });
    const sweeps: readonly Told[][] = [
      [...started(1), ...written(1, 0, 100, 1), ...started(2), ...written(2, 0, 100, 1)],
      written(1, 0, 40, 501),
      [{ type: 'guest-gone', guest: 2 }],
    ];
    for (const [at, records] of sweeps.entries()) {
      for (const record of records) writer.write(record);
      writer.endSweep({ startMs: at * 10_000, durationMs: 5, processorMs: 3 });
    }
    writer.close();
    return path;
  }

  test('comes to what it ends with, at a speed of its own', async () => {
    const path = recorded('host.rec');
    const follower = new Follower('--recording', path, '--speed', '1000', '--keep');
    expect(await follower.end()).toBe(0);
    expect(follower.stderr()).toBe('');
    const [first = '', ...others] = follower.stdout().split('\n');
    expect(first).toBe('p-1 comes: 100 pages (400 KiB)');
    expect(others.join('\n')).toMatch(
      new RegExp(
        [
          '^p-2 comes: 100 pages \\(400 KiB\\)',
          'sweep 1: 2 guests, 200 pages \\(800 KiB\\), 5\\.0 ms at .* saved',
          '  as KSM sees it: what is advised',
          '  as here was from 2023-11-14T22:13:20\\.000Z on, 3 sweeps of .*, 1,000 times as fast',
          '  as fingerprints, by the key 0123456789abcdef',
          'sweep 2: 2 guests, 200 pages \\(800 KiB\\), 40 changed, .* saved',
          'p-2 is gone',
          'sweep 3: 1 guest, 100 pages \\(400 KiB\\), 0 changed, .* saved',
          '3 sweeps followed, 1 guest kept\n$',
        ].join('\n'),
      ),
    );
    expect(await presentPages()).toEqual({ 'p-1': 100 });
  });

  test('is taken away with its end, and by names that are asked for until then', async () => {
    const path = recorded('host.rec');
    const follower = new Follower('web', '--recording', path, '--speed', '0.001');
    await counters({ pages_shared: 100, pages_sharing: 100 });
    expect(await presentPages()).toEqual({ 'web-1': 100, 'web-2': 100 });
    expect(await follower.end('SIGTERM')).toBe(0);
    expect(await daemon.client.guests()).toEqual([]);
    const whole = new Follower('--recording', path, '--speed', '1000', '--json');
    expect(await whole.end()).toBe(0);
    const lines = whole.stdout().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { sweep: 1, guests: 2, pages: 200, came: ['p-1', 'p-2'], gone: [], storedPages: 200 },
      { sweep: 2, changedPages: 40, came: [], gone: [], storedPages: 40, droppedPages: 0 },
      { sweep: 3, guests: 1, came: [], gone: ['p-2'], storedPages: 0 },
    ]);
    expect(await daemon.client.guests()).toEqual([]);
  });

  test('is refused where it does not fit, and nothing is left of what fails halfway', async () => {
    const sampled = new Follower('--recording', recorded('sampled.rec', { sample: 16 }));
    expect(await sampled.end()).toBe(1);
    expect(sampled.stderr()).toMatch(
      /^ksmd: EINVAL: the daemon holds all pages, .* --sample 1\/16/,
    );
    const keyed = new Follower('--recording', recorded('keyed.rec'), '--key', 'x');
    expect(await keyed.end()).toBe(2);
    await daemon.client.createGuest('p-2');
    const path = recorded('host.rec');
    const halfway = new Follower('--recording', path, '--speed', '1000');
    expect(await halfway.end()).toBe(1);
    expect(halfway.stderr()).toMatch(/^ksmd: EEXIST: /);
    expect(await presentPages()).toEqual({ 'p-2': 0 });
  });
});

describe('ends in good order', () => {
  test('Ctrl-C takes the guests away', async () => {
    const worker = await Worker.start('advised=600');
    const follower = new Follower('web', '--pid', worker.pid);
    await counters({ pages_unshared: 600 });
    expect(await follower.end('SIGINT')).toBe(0);
    expect(follower.stdout()).toMatch(/\n\d+ sweeps? followed, 1 guest taken away\n$/);
    expect(await daemon.client.guests()).toEqual([]);
  });

  test('--keep leaves them', async () => {
    const worker = await Worker.start('advised=600');
    const follower = new Follower('web', '--pid', worker.pid, '--keep');
    await counters({ pages_unshared: 600 });
    expect(await follower.end('SIGINT')).toBe(0);
    expect(follower.stdout()).toMatch(/\n\d+ sweeps? followed, 1 guest kept\n$/);
    expect(await presentPages()).toEqual({ web: 600 });
    const again = new Follower('web', '--pid', worker.pid);
    expect(await again.end()).toBe(1);
    expect(again.stderr()).toMatch(/^ksmd: EEXIST: .*web.* \('ksmd unregister' it first, .*\)\n$/);
    expect(await presentPages()).toEqual({ web: 600 });
  });

  test('where somebody takes one of the guests away: the others go too', async () => {
    const [one, two] = [await Worker.start('advised=600'), await Worker.start('advised=600')];
    const follower = new Follower('web', ...pids(one.pid, two.pid), '--advised');
    await counters({ pages_sharing: 600 });
    await daemon.client.removeGuest(`web-${one.pid}`);
    await follower.without(() => one.does('rewrite=5'));
    expect(await follower.end()).toBe(1);
    expect(follower.stderr()).toMatch(/^ksmd: ENOENT: [^\n]*web-\d+[^\n]*\n$/);
    expect(await daemon.client.guests()).toEqual([]);
  });

  /** Where its standard output goes, in a shell. */
  async function outputTo(where: string, ...args: string[]): Promise<Outcome> {
    const worker = await Worker.start('advised=600');
    const key = daemon.directory.file('key');
    const follow = ['follow', 'web', '--pid', worker.pid, '--interval', '50ms', '--key', key];
    const line = `"$@" ${where}; exit \${PIPESTATUS[0]}`;
    return run('bash', ['-c', line, 'follow', process.execPath, KSMD, ...follow, ...args], {
      env: { KSMD_SOCKET: daemon.socketPath },
    });
  }

  test('a reader who has seen enough takes the guests away, and --keep leaves them', async () => {
    expect(await outputTo('| head -1')).toEqual({
      status: 0,
      stdout: 'web comes: 600 pages (2.3 MiB)\n',
      stderr: '',
    });
    expect(await presentPages()).toEqual({});
    expect(await outputTo('| head -1', '--keep')).toMatchObject({ status: 0 });
    expect(await presentPages()).toEqual({ web: 600 });
  });

  test.each([[[]], [['--keep']]])(
    'where what is said cannot be written nothing is left: %j',
    async (args) => {
      const { status, stderr } = await outputTo('> /dev/full', ...args);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^ksmd: ENOSPC: cannot write to standard output: [^\n(]*\n$/);
      expect(await daemon.client.guests()).toEqual([]);
    },
  );

  test('when the daemon goes away', async () => {
    const worker = await Worker.start('advised=600');
    const follower = new Follower('web', '--pid', worker.pid);
    await counters({ pages_unshared: 600 });
    expect(await daemon.stop()).toBe(0);
    expect(await follower.end()).toBe(1);
    expect(follower.stderr()).toMatch(/^ksmd: E[A-Z]+: [^\n]*\n$/);
  });

  test('when another daemon comes in its place', async () => {
    const worker = await Worker.start('advised=600');
    const follower = new Follower('web', '--pid', worker.pid);
    await counters({ pages_unshared: 600 });
    // It is not to find none meanwhile.
    const other = await follower.without(async () => {
      daemon.child.kill('SIGKILL');
      await daemon.exited;
      return DaemonProcess.start(['--fingerprints', '--socket', daemon.socketPath]);
    });
    expect(await follower.end()).toBe(1);
    expect(follower.stderr()).toMatch(/^ksmd: ECONNRESET: (?:another daemon|the daemon) [^\n]*\n$/);
    expect(await presentPages()).toEqual({});
    await other.stop();
    daemon.directory.remove();
  });

  test('Ctrl-C before one sweep is whole leaves nothing, and says so', async () => {
    const worker = await Worker.start('advised=20000');
    const follower = new Follower('web', '--pid', worker.pid, '--max-cpu', '0.1%');
    await until('it can be interrupted', () => isInterruptible(follower.child.pid));
    expect(await follower.end('SIGINT')).toBe(1);
    expect(follower.stderr()).toBe(
      'ksmd: EINTR: interrupted before one sweep was whole: no guest is left\n',
    );
    expect(await daemon.client.guests()).toEqual([]);
  });
});

describe('is refused', () => {
  test('where there is nobody, or nobody to follow', async () => {
    const none = new Follower('web', '--pid', '4194303');
    expect(await none.end()).toBe(1);
    expect(none.stderr()).toBe('ksmd: ESRCH: there is no process 4194303\n');
    const nobody = new Follower();
    expect(await nobody.end()).toBe(2);
    expect(nobody.stderr()).toMatch(/follow takes --pid, --qemu, --cgroup or --unit/);
    expect(await daemon.client.guests()).toEqual([]);
  });

  test.each([['--interval', '1s'], ['--max-cpu', '5%'], ['--soft-dirty']])(
    'with %s, for a recording that is played',
    async (...option) => {
      const follower = new Follower('--recording', daemon.directory.file('none.rec'), ...option);
      expect(await follower.end()).toBe(2);
      expect(follower.stderr()).toMatch(
        new RegExp(`^ksmd: option '--recording <file>' cannot be used with .*'${option[0]}`),
      );
    },
  );

  test('by a daemon of bytes, or of another key', async () => {
    const worker = await Worker.start('advised=600');
    await daemon.client.createGuest('other');
    await daemon.client.map('other', 'memory', { pages: 1, address: 2 ** 32 });
    await daemon.client.storeFingerprints(
      'other',
      2 ** 32,
      '0123456789abcdef',
      Buffer.alloc(16, 1),
    );
    const otherKey = new Follower('web', '--pid', worker.pid);
    expect(await otherKey.end()).toBe(1);
    expect(otherKey.stderr()).toMatch(
      /^ksmd: EINVAL: the daemon's pages are known by the key 0123456789abcdef, .* --key FILE /,
    );
    await daemon.stop();
    daemon = await DaemonProcess.start();
    const bytes = new Follower('web', '--pid', worker.pid);
    expect(await bytes.end()).toBe(1);
    expect(bytes.stderr()).toMatch(/^ksmd: EINVAL: the daemon holds bytes of pages, .*'ksmd start/);
  });
});
