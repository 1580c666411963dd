/**
 * Makes a placement better until nothing more is found for long, or so much work is done: a few
 * guests of hosts that have something in common are taken out at a time and put in again, one after
 * the other to where it shares most, in another order. What comes out worse is undone. The same
 * placement becomes the same, always.
 */
import { randomIntegers } from '../../workload/random.js';
import { isBetter, NOWHERE, type Placed } from './placed.js';

type RandomIntegers = ReturnType<typeof randomIntegers>;

/** Taken out at a time. */
const MOST_GUESTS = 24;
/** Of 100 hosts that are better, so many are overlooked, by round. */
const OVERLOOKED = [0, 0, 5, 30];
/** So many rounds without a gain, and a few more a guest, are the end. */
const IDLE_ROUNDS = 1000;
const IDLE_ROUNDS_A_GUEST = 4;
/** Counts looked at, at most: so many for each content of each guest, or for a small fleet. */
const WORK_A_CONTENT = 1500;
const WORK_OF_SMALL = 1e8;

/** `onProgress` is told how much is done, of what is done at most. */
export function improve(placed: Placed, onProgress: (share: number) => void): void {
  const random = randomIntegers(1);
  const patience = IDLE_ROUNDS + IDLE_ROUNDS_A_GUEST * placed.hostOf.length;
  const mostWork = Math.max(WORK_A_CONTENT * placed.fleet.contentsOf.length, WORK_OF_SMALL);
  const share = (): number => Math.min(placed.work / mostWork, 1);
  const hasChoice = placed.hosts > 1 && placed.hostOf.length > 1;
  for (let idle = 0; hasChoice && idle < patience && share() < 1; idle++) {
    if (round(placed, random)) idle = 0;
    onProgress(share());
  }
  onProgress(1);
}

/** True if it has brought something. */
function round(placed: Placed, random: RandomIntegers): boolean {
  const { hostOf, missing, copies } = placed;
  const worth = { missing, copies };
  const out = some(placed, random);
  const before = out.map((guest) => hostOf[guest]);
  takeOut(placed, out);
  const overlooked = OVERLOOKED[random(OVERLOOKED.length)];
  for (const guest of out) {
    const today = placed.fleet.guests[guest].host;
    // Where only some may move it has to be tried who does.
    const stays = placed.maxMoves < hostOf.length && today < placed.hosts && random(2) === 0;
    placed.settle(guest, (host) => {
      const chance = random(100);
      const isOut = stays ? host !== today : chance < overlooked;
      return isOut ? Number.NEGATIVE_INFINITY : chance / 1000;
    });
  }
  if (placed.crowded === 0 && !isBetter(worth, placed)) return isBetter(placed, worth);
  takeOut(placed, out);
  for (const [at, guest] of out.entries())
    if (before[at] !== NOWHERE) placed.add(guest, before[at]);
  return false;
}

function takeOut(placed: Placed, guests: readonly number[]): void {
  for (const guest of guests) if (placed.hostOf[guest] !== NOWHERE) placed.remove(guest);
}

/** Some guests of a few hosts, and who is nowhere, in some order. */
function some(placed: Placed, random: RandomIntegers): number[] {
  const there = related(placed, random).flatMap((host) => placed.members[host]);
  const count = 1 + random(Math.min(MOST_GUESTS, there.length));
  const out = shuffled(shuffled(there, random).slice(0, count).concat(placed.nowhere()), random);
  const { alonePages } = placed.fleet;
  return random(2) === 0 ? out : out.sort((a, b) => alonePages[b] - alonePages[a]);
}

/** Hosts whose guests have something in common, and at times one more. */
function related(placed: Placed, random: RandomIntegers): number[] {
  const { hosts, hostOf, movesLeft } = placed;
  // Where no more may move, one of those that have goes back to let another.
  const moved = movesLeft > 0 ? [] : placed.elsewhere();
  const guest = moved.length > 0 ? moved[random(moved.length)] : random(hostOf.length);
  const found = new Set([hostOf[guest], hostOf[akin(placed, guest, random)]]);
  if (random(2) === 0) for (let more = random(3); more >= 0; more--) found.add(random(hosts));
  return [...found].filter((host) => host !== NOWHERE);
}

/** A guest that has a content in common with it, or itself. */
function akin({ fleet }: Placed, guest: number, random: RandomIntegers): number {
  const { starts, contentsOf, holderStarts, holders } = fleet;
  const contents = starts[guest + 1] - starts[guest];
  if (contents === 0) return guest;
  const content = contentsOf[starts[guest] + random(contents)];
  const [from, to] = [holderStarts[content], holderStarts[content + 1]];
  return holders[from + random(to - from)];
}

function shuffled(guests: number[], random: RandomIntegers): number[] {
  for (let at = guests.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [guests[at], guests[other]] = [guests[other], guests[at]];
  }
  return guests;
}
