import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { FATAL } from '../../src/daemon/fatal.js';
import { KsmdError } from '../../src/errors.js';
import { DaemonProcess, ksmd, TemporaryDirectory } from '../daemon-process.js';
import { until } from '../until.js';

const FAULTS = { NODE_OPTIONS: `--import=${new URL('./faults.mjs', import.meta.url)}` };
const MIB = 2 ** 20;

describe('a daemon', () => {
  test('says what it is, and that it listens', async () => {
    const daemon = await DaemonProcess.start([
      '--kernel',
      '6.1',
      '--pages-to-scan',
      '7',
      '--sleep-ms',
      '9',
    ]);
    expect(daemon.log[0]).toMatchObject({
      level: 'info',
      msg: 'ksmd starts',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
    expect(daemon.log[1]).toMatchObject({ kernel: '6.1', memoryBytes: 64 * MIB });
    expect(daemon.log[2]).toMatchObject({
      msg: 'listening',
      socket: daemon.socketPath,
      run: 1,
      pages_to_scan: 7,
      sleep_millisecs: 9,
    });
    await daemon.stop();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'that gets %s removes its socket and exits with 0',
    async (signal) => {
      const daemon = await DaemonProcess.start(['--sleep-ms', '0', '--pages-to-scan', '100000']);
      await daemon.client.createGuest('busy');
      await daemon.client.map('busy', 'memory', { pages: 4096 });
      await daemon.client.store('busy', 2 ** 32, Buffer.alloc(4 * MIB, 1));
      const { socketPath } = daemon;
      expect(await daemon.stop(signal)).toBe(0);
      expect(existsSync(socketPath)).toBe(false);
      expect(daemon.log.at(-1)).toMatchObject({ msg: 'stopped' });
      expect(daemon.stderr).toBe('');
    },
  );

  test('that gets SIGTERM while it starts comes up no further, and exits with 0', async () => {
    const daemon = DaemonProcess.spawn([], { ...FAULTS, STOPPED_EARLY: '1' });
    expect(await daemon.exited).toBe(0);
    expect(daemon.log.map(({ msg }) => msg)).toEqual([
      'ksmd starts',
      'memory reserved',
      'stopping',
      'stopped',
    ]);
    expect(daemon.stderr).toBe('');
    expect(readdirSync(daemon.directory.path)).toEqual([]);
    daemon.directory.remove();
  });

  test('answers an upload that is under way when it stops, with what it has stored', async () => {
    const daemon = await DaemonProcess.start();
    await daemon.client.createGuest('late');
    await daemon.client.map('late', 'memory', { pages: 1024 });
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(MIB, 1);
      await until(
        'the first MiB has arrived',
        async () => (await daemon.client.guest('late')).presentPages === 256,
      );
      daemon.child.kill('SIGTERM');
      await daemon.exited;
      yield Buffer.alloc(MIB, 1);
    }
    const failure = await daemon.client
      .store('late', 2 ** 32, { length: 4 * MIB, chunks: slow() })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(KsmdError);
    expect(failure).toMatchObject({ code: 'EINTR', details: { bytesStored: MIB } });
    expect(await daemon.stop()).toBe(0);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'exits at once at a second %s, while an answer is still under way',
    async (signal, status) => {
      const daemon = await DaemonProcess.start();
      await daemon.client.createGuest('slow');
      await daemon.client.map('slow', 'memory', { pages: 16384 });
      // Nobody reads this answer, so it does not end.
      const reading = get({
        socketPath: daemon.socketPath,
        path: `/v1/guests/slow/memory?address=0x100000000&length=${64 * MIB}`,
      });
      reading.on('error', () => {});
      await once(reading, 'response');
      daemon.child.kill(signal);
      await until('it is stopping', () => daemon.log.some(({ msg }) => msg === 'stopping'));
      daemon.child.kill(signal);
      expect(await daemon.exited).toBe(status);
      daemon.directory.remove();
    },
  );

  test('ends its streams when it stops', async () => {
    const daemon = await DaemonProcess.start();
    const logs = daemon.client.logs({ follow: true });
    await logs.next();
    const reading = get({ socketPath: daemon.socketPath, path: '/v1/events' });
    const [events] = (await once(reading, 'response')) as [IncomingMessage];
    daemon.child.kill('SIGTERM');
    events.resume();
    await once(events, 'end');
    for await (const line of logs) expect(JSON.parse(line)).toHaveProperty('msg');
    expect(await daemon.exited).toBe(0);
    daemon.client.close();
    daemon.directory.remove();
  });

  test('goes on when the reader of its standard output goes', async () => {
    const daemon = await DaemonProcess.start();
    daemon.child.stdout?.destroy();
    for (let i = 0; i < 3; i++) expect((await daemon.ksmd('scan')).status).toBe(1);
    expect((await daemon.ksmd('stop')).status).toBe(0);
    expect(await daemon.exited).toBe(0);
    expect(daemon.stderr).toBe('');
    daemon.directory.remove();
  });

  test('logs to a file that only its owner may read', async () => {
    const directory = new TemporaryDirectory();
    const file = directory.file('ksmd.log.json');
    const daemon = DaemonProcess.spawn(['--log-file', file]);
    await until(
      'it listens',
      () => existsSync(file) && readFileSync(file, 'utf8').includes('"listening"'),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await daemon.stop()).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('"stopped"');
    expect(daemon.log).toEqual([]);
    directory.remove();
  });

  test.each([
    ['the spare one', { NO_NEW_SCANNER: '1' }],
    ['a new one, where the spare one dies too', { NO_SPARE: '1' }],
  ])('goes on with another scanner when its scanner dies: %s', async (_which, doomed) => {
    const daemon = await DaemonProcess.start([], { ...FAULTS, ...doomed });
    await daemon.client.createGuest('kept');
    await daemon.client.map('kept', 'memory', { pages: 16 });
    await daemon.client.store('kept', 2 ** 32, Buffer.alloc(65536, 7));
    daemon.child.kill('SIGUSR2');
    await until('the scanner is back', () =>
      daemon.log.some(({ msg }) => msg === 'the scanner is back'),
    );
    expect((await daemon.ksmd('set', 'run=0')).status).toBe(0);
    const { stdout } = await daemon.ksmd('read', 'kept', '0x100000000', '65536');
    expect(stdout).toBe('\x07'.repeat(65536));
    await daemon.stop();
  });
});

describe('each fatal condition has its exit status:', () => {
  test('memory that cannot be had', async () => {
    const { status, stderr } = await ksmd([
      'start',
      '--memory',
      '5GiB',
      '--socket',
      '/tmp/never.sock',
    ]);
    expect(status).toBe(FATAL.MemoryRefused.exitStatus);
    expect(stderr).toMatch(/^ksmd: ENOMEM: a memory of .*take a smaller memory/);
  });

  test('a log file that cannot be written', async () => {
    const { status, stderr } = await ksmd([
      'start',
      '--log-file',
      '/nowhere/ksmd.log',
      '--socket',
      '/tmp/never.sock',
    ]);
    expect(status).toBe(FATAL.LogFileUnusable.exitStatus);
    expect(stderr).toMatch(/^ksmd: ENOENT: cannot write the log file \/nowhere\/ksmd.log: /);
  });

  test('a scanner that dies, and neither a spare nor a new one is to be had', async () => {
    const daemon = await DaemonProcess.start([], { ...FAULTS, NO_NEW_SCANNER: '1', NO_SPARE: '1' });
    daemon.child.kill('SIGUSR2');
    expect(await daemon.exited).toBe(FATAL.ScannerLost.exitStatus);
    expect(existsSync(daemon.socketPath)).toBe(false);
    expect(daemon.log.at(-1)).toMatchObject({
      level: 'fatal',
      exitStatus: FATAL.ScannerLost.exitStatus,
    });
    daemon.directory.remove();
  });

  test('a fault in ksmd itself', async () => {
    const daemon = await DaemonProcess.start([], FAULTS);
    daemon.child.kill('SIGALRM');
    expect(await daemon.exited).toBe(FATAL.InternalFault.exitStatus);
    expect(existsSync(daemon.socketPath)).toBe(false);
    expect(daemon.log.at(-1)).toMatchObject({ level: 'fatal' });
    daemon.directory.remove();
  });
});
