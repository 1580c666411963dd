import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { HeldBack } from '../../../src/daemon/log/log-output.js';
import { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';

const LINE = `${'x'.repeat(1023)}\n`;

/** Takes nothing until told to. */
class Asleep extends Writable {
  written = 0;
  private wake: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.length;
    if (this.awake) done();
    else this.wake = done;
  }

  private awake = false;

  read(): void {
    this.awake = true;
    this.wake?.();
  }
}

test('lines that nobody reads are held back to a bound, then dropped and counted', async () => {
  const reader = new Asleep();
  const missed: number[] = [];
  const output = new HeldBack(reader, (dropped) => missed.push(dropped));
  for (let i = 0; i < 1034; i++) output.write(LINE);
  expect(missed).toEqual([]);
  reader.read();
  await until('it is told', () => missed.length > 0);
  expect(missed).toEqual([10]);
  expect(reader.written).toBe(2 ** 20);
  output.write(LINE);
  await output.flush();
  expect(reader.written).toBe(2 ** 20 + 1024);
});

test('lines to a stream that is closed go nowhere, and nothing fails', async () => {
  const reader = new Asleep();
  const output = new HeldBack(reader, () => {});
  reader.destroy(new Error('EPIPE'));
  await until('it is closed', () => reader.closed);
  output.write(LINE);
  await output.flush();
  expect(reader.written).toBe(0);
});

test('a daemon whose log nobody reads goes on, and ends', async () => {
  const daemon = await DaemonProcess.start(['--log-level', 'trace']);
  daemon.child.stdout?.pause();
  // A line an answer, far more than a pipe holds.
  for (let i = 0; i < 4000; i++) await daemon.client.status();
  expect((await daemon.ksmd('stop')).status).toBe(0);
  daemon.child.stdout?.resume();
  expect(await daemon.exited).toBe(0);
  expect(daemon.log.length).toBeGreaterThan(4000);
  daemon.directory.remove();
});
