/**
 * Processes to compare by, where none are named: three that hold the same files of this machine,
 * each in another order and with pages of its own and of zeroes between them, all in huge pages.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { randomIntegers } from '../../src/workload/random.js';
import { type Guest, Guests } from '../record/guests.js';

const PROCESSES = 3;
const ADDRESS = 0x200000000;
const STEP_BYTES = 2 * 1024 * 1024;
const PAGE_SIZE = 4096;
const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
const SEED = 1;

export class Specimens {
  private constructor(
    private readonly guests: Guests,
    private readonly all: readonly Guest[],
  ) {}

  static async make(mib: number): Promise<Specimens> {
    const guests = await Guests.open();
    const all: Guest[] = [];
    const files = libraries((mib * 1024 * 1024) / 2);
    for (let i = 0; i < PROCESSES; i++) {
      const guest = await guests.start();
      await fill(guest, mib * 1024 * 1024, files, SEED + i);
      all.push(guest);
    }
    return new Specimens(guests, all);
  }

  get pids(): number[] {
    return this.all.map(({ pid }) => pid);
  }

  async close(): Promise<void> {
    for (const guest of this.all) await guest.end();
    this.guests.close();
  }
}

/** Whole pages of files, at least so many bytes of them if there are. */
function libraries(bytes: number): Buffer[] {
  const files: Buffer[] = [];
  let total = 0;
  for (const name of readdirSync(LIBRARIES).sort()) {
    const path = join(LIBRARIES, name);
    if (total >= bytes) break;
    if (!statSync(path).isFile()) continue;
    const file = readFileSync(path);
    files.push(file.subarray(0, file.length - (file.length % PAGE_SIZE)));
    total += file.length;
  }
  return files;
}

async function fill(
  guest: Guest,
  length: number,
  files: readonly Buffer[],
  seed: number,
): Promise<void> {
  const random = randomIntegers(seed);
  const memory = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const file = files[random(files.length)] ?? Buffer.alloc(PAGE_SIZE);
    const part = file.subarray(0, length - at);
    memory.set(part, at);
    at += part.length;
    // A page of its own, and some of zeroes.
    if (at < length) memory.set(new Uint8Array(random(PAGE_SIZE)), at);
    at += (1 + random(200)) * PAGE_SIZE;
  }
  await guest.map(ADDRESS, length, true);
  await guest.advise(ADDRESS, length, 'mergeable');
  for (let at = 0; at < length; at += STEP_BYTES)
    await guest.write(ADDRESS + at, memory.subarray(at, at + STEP_BYTES));
}
