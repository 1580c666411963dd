/**
 * What `npm run soft-dirty` has a Debian do: a process that writes, maps, moves, forks, swaps and
 * is merged, still while it is looked at, and two captures that are to agree after each step. It
 * runs compiled.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FingerprintKey } from '../../src/fingerprints/key.js';
import { randomIntegers } from '../../src/workload/random.js';
import { differences, Sweeps } from './sweeps.js';
import type { Done, Order } from './writer.js';

const [, , rounds = '0'] = process.argv;
const PAGE = 4096;
const MIB_PAGES = 256;
const KSM = '/sys/kernel/mm/ksm';
const KHUGEPAGED = '/sys/kernel/mm/transparent_hugepage/khugepaged';
/** Of a frame: more than there are pages. */
const MOST_SHARING = 100_000;
/** Milliseconds: days. */
const LONG = '1000000000';
/** Sweeps after which each guest was looked at whole once more. */
const ALL_WHOLE = 10;
const SMALL = { at: 0x2_0000_0000, pages: 16 * MIB_PAGES };
const HUGE = { at: 0x3_0000_0000, pages: 32 * MIB_PAGES };
const LATER = { at: 0x4_0000_0000, pages: 8 * MIB_PAGES };
const TWINS = { at: 0x5_0000_0000, pages: 2 * MIB_PAGES };

const writer = await started();
const pid = Number(writer.pid);
const children: number[] = [];
const key = FingerprintKey.random();
const pids = (): number[] => [pid, ...children];
const plain = new Sweeps(key, false, pids);
const soft = new Sweeps(key, true, pids);
let wrongPages = 0;

console.log(`Linux ${readFileSync('/proc/sys/kernel/osrelease', 'latin1').trim()}`);
console.log('step                                     pages  changed   ms all  ms soft  differ');
await all();
console.log(wrongPages === 0 ? 'right' : 'wrong');
process.kill(pid, 'SIGKILL');
process.exit(0);

async function all(): Promise<void> {
  // Else it makes huge pages between two looks.
  writeFileSync(`${KHUGEPAGED}/scan_sleep_millisecs`, LONG);
  for (const where of [SMALL, HUGE, TWINS]) await tell({ do: 'map', ...where });
  await tell({ do: 'advise', ...SMALL, advice: 'small' });
  await tell({ do: 'advise', ...TWINS, advice: 'small' });
  await tell({ do: 'advise', ...HUGE, advice: 'huge' });
  for (const where of [SMALL, HUGE, TWINS]) await tell({ do: 'write', ...where });
  await compare('all is new');
  await compare('nothing is written');
  await tell({ do: 'write', ...SMALL, every: 100, value: 1 });
  await compare('one page in 100 is written');
  await tell({ do: 'write', ...SMALL, every: 100, value: 2 });
  await compare('the same pages again');
  await tell({ do: 'write', ...HUGE, every: 5 * 512, value: 3 });
  await compare('one huge page in 5');
  await mappings();
  await family();
  await swap();
  await merges();
  const random = randomIntegers(1);
  for (let round = 1; round <= Number(rounds); round++) {
    const { at, pages } = random(2) === 0 ? SMALL : HUGE;
    const first = random(pages);
    const some = 1 + random(pages - first);
    const every = 1 + random(600);
    await tell({ do: 'write', at: at + first * PAGE, pages: some, every, value: 100 + round });
    await compare(`round ${round}`);
  }
  await live();
  await price();
}

async function mappings(): Promise<void> {
  await tell({ do: 'map', ...LATER });
  await tell({ do: 'write', ...LATER });
  await compare('a mapping is new');
  await tell({ do: 'unmap', ...LATER });
  await tell({ do: 'map', ...LATER });
  await tell({ do: 'write', ...LATER, every: 2, value: 4 });
  await compare('another in its place');
  const pages = 4 * MIB_PAGES;
  await tell({ do: 'move', at: SMALL.at, pages, to: LATER.at });
  await compare('pages move over others');
  await tell({ do: 'map', at: SMALL.at, pages });
  await tell({ do: 'write', at: SMALL.at, pages, value: 5 });
  await tell({ do: 'advise', ...SMALL, advice: 'small' });
  await compare('new ones where they were');
}

async function family(): Promise<void> {
  await tell({ do: 'fork' });
  await compare('a child');
  await tell({ do: 'write', ...SMALL, every: 50, value: 6 });
  await compare('its parent writes');
  await compare('nothing is written');
  process.kill(children.splice(0)[0] ?? 0, 'SIGKILL');
  await compare('the child has gone');
}

async function swap(): Promise<void> {
  await tell({ do: 'write', ...SMALL, every: 70, value: 7 });
  await tell({ do: 'advise', ...SMALL, advice: 'pageout' });
  await compare('most is swapped out');
  await tell({ do: 'read', ...SMALL, every: 2 });
  await compare('half is read back');
  await tell({ do: 'write', ...SMALL, every: 30, value: 8 });
  await compare('some of it is written');
  await tell({ do: 'read', ...SMALL });
  await compare('the rest is read back');
}

async function merges(): Promise<void> {
  await tell({ do: 'advise', ...TWINS, advice: 'mergeable' });
  await tell({ do: 'write', ...TWINS, value: 9, same: true });
  await merge(TWINS.pages - 1);
  await compare('written, then merged');
  await tell({ do: 'write', ...TWINS, every: 3, value: 10 });
  await compare('a third is written');
  await tell({ do: 'write', ...TWINS, value: 11, same: true });
  await merge(TWINS.pages - 1);
  await compare('all written, merged again');
  // Of two pages that merge, the second one's frame becomes KSM's and the first one's bit is lost:
  // once the second is written again, the first is alone, and does not show what has happened.
  await tell({ do: 'write', ...TWINS, value: 12 });
  await compare('each is another again');
  await tell({ do: 'write', at: TWINS.at, pages: 2, value: 13, same: true });
  await merge(1);
  await tell({ do: 'write', at: TWINS.at + PAGE, pages: 1, value: 14 });
  const lost = await compare('merged with what has left', true);
  for (let sweep = 1; sweep < ALL_WHOLE; sweep++) await compare('nothing is written', true);
  await compare(`nothing is written: the ${lost} found`);
}

/** It writes while it is looked at: no write is to be lost for ever. */
async function live(): Promise<void> {
  const random = randomIntegers(2);
  let isOver = false;
  const writing = (async () => {
    for (let value = 1000; !isOver; value++) {
      await tell({ do: 'write', ...SMALL, every: 1 + random(100), value });
      await after(random(10));
    }
  })();
  for (let sweep = 0; sweep < 2 * ALL_WHOLE; sweep++) await soft.sweep();
  await plain.sweep();
  isOver = true;
  await writing;
  await stopped(async () => {
    // What never rested for one of both does now.
    await plain.sweep();
    await soft.sweep();
    await look('still, after 20 sweeps of writes');
  });
}

/** What a write costs a process, first of all to a page since the bits were cleared. */
async function price(): Promise<void> {
  const us = async (): Promise<string> => {
    const { us: took } = await tell({ do: 'write', ...SMALL, value: 20 });
    return (took / SMALL.pages).toFixed(1);
  };
  await us();
  const before = await us();
  writeFileSync(`/proc/${pid}/clear_refs`, '4');
  const first = await us();
  console.log(`a write takes ${before} µs a page, the first one after bits are cleared ${first}`);
}

/** Both look while it is still. How many pages differ; they count as wrong, but if it `may` be. */
function compare(step: string, may = false): Promise<number> {
  return stopped(() => look(step, may));
}

async function look(step: string, may = false): Promise<number> {
  const whole = await plain.sweep();
  const part = await soft.sweep();
  const differ = differences(plain.host, soft.host);
  if (!may) wrongPages += differ;
  const columns = [
    whole.pages.toString().padStart(6),
    whole.changedPages.toString().padStart(8),
    whole.processorMs.toFixed(0).padStart(8),
    part.processorMs.toFixed(0).padStart(8),
    differ.toString().padStart(7),
  ];
  console.log(`${step.padEnd(40)}${columns.join(' ')}`);
  return differ;
}

/** While none of its threads runs. */
async function stopped<T>(look: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  const isStill = (thread: string): boolean =>
    /^State:\s+T/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1'));
  while (!readdirSync(`/proc/${pid}/task`).every(isStill)) await after(1);
  try {
    return await look();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** KSM goes over everything until so many pages share the frame of another. */
async function merge(pages: number): Promise<void> {
  const set = (name: string, value: number): void => writeFileSync(`${KSM}/${name}`, `${value}`);
  if (existsSync(`${KSM}/smart_scan`)) set('smart_scan', 0);
  set('max_page_sharing', MOST_SHARING);
  set('pages_to_scan', 100_000);
  set('run', 1);
  while (Number(readFileSync(`${KSM}/pages_sharing`, 'latin1')) !== pages) await after(10);
  set('run', 0);
}

async function started(): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('writer.js', import.meta.url));
  const child = fork(path);
  await once(child, 'message');
  return child;
}

async function tell(order: Order): Promise<Done> {
  writer.send(order);
  const [done] = (await once(writer, 'message')) as [Done];
  if (done.pid !== undefined) children.push(done.pid);
  return done;
}
