/** When a picture is drawn, and in which order. */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OwnDirectory } from '../../../../src/daemon/sysfs/own-directory.js';
import { Pictures, type PicturesSource } from '../../../../src/daemon/sysfs/picture/pictures.js';
import { fixedDirectory } from '../../../../src/daemon/sysfs/tree.js';
import { TemporaryDirectory } from '../../../daemon-process.js';
import { until } from '../../../until.js';
import { ManualTimers } from '../../manual-timers.js';

/** Called after every change of a file. */
const changed = vi.hoisted(() => ({ look: () => {} }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  return {
    ...fs,
    writeSync: (fd: number, text: string, position: number) => {
      const written = fs.writeSync(fd, text, position);
      changed.look();
      return written;
    },
  };
});

let directory: TemporaryDirectory;
let own: OwnDirectory;
let timers: ManualTimers;
let tunables: EventEmitter;
let pictures: Pictures;
let scans: number;

beforeEach(async () => {
  directory = new TemporaryDirectory();
  own = await OwnDirectory.claim(directory.file('sys'), () => undefined);
  timers = new ManualTimers();
  tunables = new EventEmitter();
  scans = 1;
  const file = { mode: 0o444, text: () => `${scans}\n` };
  const tree = fixedDirectory(
    0o755,
    new Map([
      ['full_scans', file],
      ['pages_sharing', file],
    ]),
  );
  const source = {
    tunables,
    standstill: { isReady: true, ready: async () => {} },
    rollups: { refresh: () => {}, stop: () => {} },
  } as unknown as PicturesSource;
  const silent = pino({ enabled: false });
  pictures = Pictures.make([[own, tree]], source, silent, timers);
});
afterEach(() => {
  changed.look = () => {};
  pictures.remove();
  own.release();
  directory.remove();
});

function read(name: string): string {
  return readFileSync(directory.file(`sys/${name}`), 'latin1');
}

test('it is drawn now and then, and at once after a write', async () => {
  scans = 2;
  expect(read('full_scans')).toBe('1\n');
  timers.tick();
  expect(read('full_scans')).toBe('2\n');
  scans = 3;
  tunables.emit('written', {});
  await until('it shows what the write has changed', () => read('full_scans') === '3\n');
});

test('who finds a new count of full scans finds nothing older beside it', () => {
  const found: [string, string][] = [];
  changed.look = () => found.push([read('full_scans'), read('pages_sharing')]);
  for (scans = 2; scans < 12; scans++) timers.tick();
  expect(found).toContainEqual(['1\n', '2\n']);
  for (const [full, sharing] of found)
    expect(Number(sharing), `${full}: ${sharing}`).toBeGreaterThanOrEqual(Number(full));
});
