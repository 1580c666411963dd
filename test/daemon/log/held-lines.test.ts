/** Lines of the log where they are not taken: a named pipe that is read when a test says so. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HeldLines } from '../../../src/daemon/log/held-lines.js';
import { TemporaryDirectory } from '../../daemon-process.js';
import { ManualTimers } from '../manual-timers.js';

const PIPE_BYTES = 65536;
const HELD_BYTES = 2 ** 20;
const LINE_BYTES = 1024;

let directory: TemporaryDirectory;
let reader: number;
let writer: number;
let timers: ManualTimers;
let lines: HeldLines;
/** What `missed` was told. */
let missed: number[];
beforeEach(() => {
  directory = new TemporaryDirectory();
  execFileSync('mkfifo', [directory.file('pipe')]);
  reader = openSync(directory.file('pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
  writer = openSync(directory.file('pipe'), constants.O_WRONLY | constants.O_NONBLOCK);
  timers = new ManualTimers();
  missed = [];
  lines = new HeldLines(
    writer,
    (dropped) => {
      missed.push(dropped);
      lines.write(line(`${dropped} are missing`));
    },
    timers,
  );
});
afterEach(() => {
  closeSync(writer);
  directory.remove();
});

function line(what: string): string {
  return `${what.padEnd(LINE_BYTES - 1)}\n`;
}

function writeNumbered(from: number, count: number): void {
  for (let i = from; i < from + count; i++) lines.write(line(String(i)));
}

/** Reads what has got into the pipe, and has more written, until nothing comes any more. */
function readAll(): string[] {
  let text = '';
  const bytes = Buffer.alloc(PIPE_BYTES);
  for (;;) {
    try {
      const count = readSync(reader, bytes);
      if (count === 0) break;
      text += bytes.toString('latin1', 0, count);
    } catch {
      if (lines.isEmpty) break;
    }
    timers.tick();
  }
  return text
    .split('\n')
    .slice(0, -1)
    .map((each) => each.trimEnd());
}

test('a line that is taken is written before the call returns, and no timer runs', () => {
  lines.write('a\n');
  expect(readSync(reader, Buffer.alloc(10))).toBe(2);
  expect(timers.ticks.size).toBe(0);
});

test('lines that are not taken are held back, and come in their order', () => {
  writeNumbered(0, 500);
  expect(timers.ticks.size).toBe(1);
  expect(readAll()).toEqual(Array.from({ length: 500 }, (_, i) => String(i)));
  expect(missed).toEqual([]);
  expect(timers.ticks.size).toBe(0);
});

test('beyond a bound lines are dropped, and where they are missing a line says how many', () => {
  const taken = (PIPE_BYTES + HELD_BYTES) / LINE_BYTES;
  writeNumbered(0, taken + 10);
  // One that would find room again by now, but belongs after those that are missing.
  readSync(reader, Buffer.alloc(PIPE_BYTES));
  lines.attempt();
  writeNumbered(taken + 10, 1);
  const rest = readAll();
  expect(missed).toEqual([11]);
  expect(rest.slice(-2)).toEqual([String(taken - 1), '11 are missing']);
  writeNumbered(taken + 11, 1);
  expect(readAll()).toEqual([String(taken + 11)]);
});

test('lines that nobody can read any more go nowhere, and nothing fails', () => {
  writeNumbered(0, 100);
  closeSync(reader);
  timers.tick();
  expect(lines.isEmpty).toBe(true);
  expect(timers.ticks.size).toBe(0);
  writeNumbered(100, 2);
  expect(missed).toEqual([]);
});

test('a line that was begun where no more is taken is whole where lines go on', () => {
  // Not a whole number of them fits.
  lines.write('first\n');
  writeNumbered(0, 100);
  const path = directory.file('file');
  const file = openSync(path, 'a');
  expect(lines.moveTo(file)).toBe(writer);
  closeSync(file);
  const words = readFileSync(path, 'utf8')
    .split('\n')
    .map((each) => each.trimEnd());
  expect(words[0]).toMatch(/^\d+$/);
  expect(words.slice(-2)).toEqual(['99', '']);
});
