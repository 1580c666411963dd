/** Whom a place belongs to that several processes want at the same instant. */

import { once } from 'node:events';
import { linkSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run, TemporaryDirectory } from '../daemon-process.js';
import { Contest, type Mishap, type Prize } from './contest.js';
import { needs } from './sysfs/carriers.js';

/** About as many calls as an attempt makes. */
const CALLS = 32;
/** All of what may meet what: `npm run claims`. Otherwise one in so many. */
const EVERY = process.env.KSMD_EVERY_CLAIM !== undefined;
const TRIES = every(EVERY ? 1 : 11);
/** Each takes a second: of three processes all ask whether the dead one answers, and one is new. */
const MOUNT_TRIES = every(EVERY ? 1 : 37);
/** In one of so many tries somebody dies. */
const TRIES_A_DEATH = 16;

function every(stride: number): number[] {
  return Array.from({ length: Math.ceil(CALLS ** 2 / stride) }, (_, i) => i * stride);
}

let directory: TemporaryDirectory;
let contest: Contest;
/** A socket that nobody listens on any more. */
let dead: string;

beforeEach(async () => {
  directory = new TemporaryDirectory();
  contest = await Contest.among(3);
  dead = directory.file('dead');
  const server = createServer().listen(directory.file('living'));
  await once(server, 'listening');
  renameSync(directory.file('living'), dead);
  server.close();
});
afterEach(() => {
  contest.end();
  directory.remove();
});

/** What a killed daemon leaves, and one that died in the instant in which it took over from it. */
const LEFT: Record<Exclude<Prize, 'mount'>, (place: string) => void> = {
  socket: (place) => {
    leaveDead(place);
    leaveDead(join(`${place}.claim`, 'socket'));
  },
  sysfs: (place) => {
    leaveDead(join(place, '.ksmd.claim', 'socket'));
    writeFileSync(join(place, '.ksmd'), 'made');
  },
};

function leaveDead(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  linkSync(dead, path);
}

const REFUSALS: Record<Prize, readonly string[]> = {
  socket: ['EADDRINUSE', 'EBUSY'],
  sysfs: ['EBUSY'],
  mount: ['EBUSY'],
};

/** Of two contenders each dawdles once at any call while the other does at any. */
function mishaps(nth: number): readonly Mishap[] {
  const dies = nth % TRIES_A_DEATH === 0;
  return [
    dies ? { dieAt: (nth / TRIES_A_DEATH) % CALLS } : {},
    { dawdleAt: nth % CALLS },
    { dawdleAt: Math.floor(nth / CALLS) },
  ];
}

describe.each(['socket', 'sysfs'] as const)('a stale %s', (get) => {
  test(`is taken over by exactly one of three, ${TRIES.length} times, whoever dies or dawdles`, {
    timeout: 300_000,
  }, async () => {
    const places = directory.file('places');
    mkdirSync(places);
    const place = join(places, 'place');
    for (const nth of TRIES) {
      LEFT[get](place);
      const { winners, died, refusals } = await contest.hold(get, place, mishaps(nth));
      const told = `try ${nth}: ${refusals}`;
      // One that has just got it may be the one that dies.
      expect(died === 0 ? [1] : [0, 1], told).toContain(winners.length);
      for (const refusal of refusals) expect(REFUSALS[get], told).toContain(refusal);
      if (get === 'socket' && winners.length === 1)
        expect(await text(createConnection(place)), told).toBe(String(winners[0]));
      await contest.release(winners);
      await contest.replaceTheDead();
    }
    LEFT[get](place);
    const last = await contest.hold(get, place);
    await contest.release(last.winners);
    expect(readdirSync(places)).toEqual([]);
  });
});

test(`a mount that a killed daemon has left is taken over by exactly one of three, ${MOUNT_TRIES.length} times, whoever dies or dawdles`, {
  timeout: 3_600_000,
}, async (context) => {
  await needs(context, 'mount');
  const places = directory.file('places');
  mkdirSync(places);
  const place = join(places, 'place');
  LEFT.sysfs(place);
  try {
    for (const nth of MOUNT_TRIES) {
      const { winners, died, refusals } = await contest.hold('mount', place, mishaps(nth));
      const told = `try ${nth}: ${refusals}`;
      expect(died === 0 ? [1] : [0, 1], told).toContain(winners.length);
      for (const refusal of refusals) expect(REFUSALS.mount, told).toContain(refusal);
      await contest.kill(winners);
      await contest.replaceTheDead();
    }
    await contest.release((await contest.hold('mount', place)).winners);
    expect(readdirSync(places)).toEqual([]);
  } finally {
    await run('umount', ['--lazy', place]);
  }
});
