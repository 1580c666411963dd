/**
 * Whichever part of the daemon does not start, or is just starting when the daemon is told to stop:
 * nothing is left behind, no thread, no socket, no file and no timer.
 */
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { SysfsCarrier } from '../../src/names.js';
import { run, TemporaryDirectory } from '../daemon-process.js';
import { needs } from './sysfs/carriers.js';

const PROGRAM = fileURLToPath(new URL('./doomed-part.mjs', import.meta.url));

const PARTS = [
  'socket path',
  'scanner',
  'guest threads',
  'khugepaged',
  'history',
  "the kernel's files",
  'socket',
  'TCP',
  'service manager',
  'lines on the scanner',
];

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Runs the parts to the end of their process: what they said, and what files they left. */
async function live(
  doomed: string,
  how: 'fails' | 'stopped',
  as: SysfsCarrier = 'picture',
): Promise<unknown> {
  const directory = new TemporaryDirectory();
  try {
    const env = { PORT: String(await freePort()), SYSFS_AS: as };
    const { status, stdout, stderr } = await run(
      process.execPath,
      [PROGRAM, directory.path, doomed, how],
      { env },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return { ...JSON.parse(stdout), files: readdirSync(directory.path) };
  } finally {
    directory.remove();
  }
}

test('these are the parts, and all of them go', async () => {
  expect(await live('none', 'fails')).toEqual({
    asked: PARTS,
    outcome: 'up',
    ticking: 0,
    files: [],
  });
});

test.for([
  ['none', PARTS, 'up'],
  ["the kernel's files", PARTS.slice(0, 6), 'stopped'],
  ['socket', PARTS.slice(0, 7), 'stopped'],
] as const)('mounts go too: stopped as %s starts', async ([name, asked, outcome], context) => {
  await needs(context, 'mount');
  expect(await live(name, 'stopped', 'mount')).toEqual({ asked, outcome, ticking: 0, files: [] });
});

describe.each(PARTS.map((name, index) => [name, PARTS.slice(0, index + 1)] as const))(
  '%s',
  (name, asked) => {
    test('does not start: nothing is left behind, and no part behind it is asked for', async () => {
      expect(await live(name, 'fails')).toEqual({
        asked,
        outcome: 'doomed by a test',
        ticking: 0,
        files: [],
      });
    });

    test('is just starting when the daemon is told to stop: nothing is left behind', async () => {
      expect(await live(name, 'stopped')).toEqual({
        asked,
        outcome: 'stopped',
        ticking: 0,
        files: [],
      });
    });
  },
);
