/** Recordings that are killed, and one that finds the disk full: each is whole up to some sweep. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Recording } from '../../src/recording/recording.js';
import { randomIntegers } from '../../src/workload/random.js';
import { Capturing } from './capturing.js';
import { LiveHost } from './live-host.js';

const SMALL_BYTES = 2 * 2 ** 20;
/** After its first sweep, at most. */
const KILLED_WITHIN_MS = 300;
/** Room for the first sweep, and some of those after it. */
const DISK_KIB = 48;

export async function broken(host: LiveHost, folder: string, kills: number): Promise<boolean> {
  // The others would be in the way.
  host.pause();
  const small = await LiveHost.start(SMALL_BYTES, 1);
  try {
    const areRead = await killed(small, folder, kills);
    return (await fullDisk(small, folder)) && areRead;
  } finally {
    small.stop();
    host.goOn();
  }
}

async function killed(small: LiveHost, folder: string, kills: number): Promise<boolean> {
  const random = randomIntegers(kills);
  let lost = 0;
  let damaged = 0;
  for (let kill = 0; kill < kills; kill++) {
    const path = join(folder, 'killed.rec');
    const capturing = new Capturing(small.pids, path, ['--interval', '1ms', '--duration', '10h']);
    let told = 0;
    const counting = (async () => {
      while ((await capturing.sweep()) !== undefined) told++;
    })();
    while (told === 0) await setTimeout(1);
    await setTimeout(random(KILLED_WITHIN_MS));
    capturing.kill('SIGKILL');
    await capturing.ended();
    await counting;
    const { sweeps, isDamaged } = await readBack(path);
    if (sweeps < told) lost++;
    if (isDamaged) damaged++;
    rmSync(path);
  }
  console.log(
    `killed ${kills} times: ${lost} had lost a sweep that was told; ${damaged} broke off in the ` +
      'middle of one, and were read up to it',
  );
  return lost === 0;
}

async function fullDisk(small: LiveHost, folder: string): Promise<boolean> {
  if (process.getuid?.() !== 0) {
    console.log('a full disk takes root, for a file system that is small: left out');
    return true;
  }
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_KIB}k`, 'tmpfs', disk]);
  try {
    const path = join(disk, 'full.rec');
    const capturing = new Capturing(small.pids, path, ['--interval', '1ms', '--duration', '10h']);
    let told = 0;
    while ((await capturing.sweep()) !== undefined) told++;
    const status = await capturing.ended();
    const { sweeps, isDamaged } = await readBack(path);
    console.log(
      `a disk of ${DISK_KIB} KiB: ${told} sweeps told, ${sweeps} read, exit status ${status}: ` +
        capturing.complaints.trim(),
    );
    const lines = capturing.complaints.trim().split('\n');
    const isSaid = lines.length === 1 && /ENOSPC: .* sweeps? (is|are) whole/.test(lines[0] ?? '');
    return status === 1 && sweeps === told && !isDamaged && isSaid;
  } finally {
    execFileSync('umount', [disk]);
  }
}

async function readBack(path: string): Promise<{ sweeps: number; isDamaged: boolean }> {
  const recording = await Recording.open(path);
  const { sweeps, damage } = recording;
  await recording.lastSweep();
  await recording.close();
  return { sweeps, isDamaged: damage !== undefined };
}
