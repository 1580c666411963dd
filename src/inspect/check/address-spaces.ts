/**
 * Guests and regions, checked: each region on its guest's list, in order, its slots its own; and
 * the ring of guests that KSM knows.
 */
import {
  CTL_REGION_TABLE,
  CTL_REGIONS,
  CTL_SLOTS,
  CTL_SLOTS_USED,
  GUEST_EXITING,
  GUEST_ON_LIST,
  GUEST_RMAP_ITEMS,
  GUEST_STATE,
  MM_NEXT,
  MM_PREV,
  REGION_GUEST,
  REGION_SLOT,
  REGION_WORDS,
  SLOT_REGION,
  SLOT_WORDS,
} from '../../core/layout.js';
import { MmList } from '../../ksm/mm-list.js';
import { type LongWork, PAGES_A_STEP } from '../../machine/long-work.js';
import type { Machine } from '../../machine/machine.js';
import type { Findings } from './findings.js';

const STEP_WORDS = PAGES_A_STEP * SLOT_WORDS;

/** Checks the regions of all guests; those whose slots can be gone through. */
export function* checkRegions(
  machine: Machine,
  guests: readonly number[],
  findings: Findings,
): LongWork<number[]> {
  const { regions } = machine;
  const { i32 } = machine.memory;
  const listed = new Set<number>();
  for (const guest of guests) {
    let end = 0;
    for (let region = regions.first(guest); region !== 0; region = regions.next(region)) {
      if (listed.has(region)) {
        findings.say(
          `the regions of ${findings.guest(guest)} go round in a circle, or on with another ` +
            "guest's",
        );
        break;
      }
      listed.add(region);
      if (i32[region + REGION_GUEST] !== guest)
        findings.say(`${findings.region(region)} is on the list of ${findings.guest(guest)}`);
      if (regions.vpn(region) < end)
        findings.say(`${findings.region(region)} begins before the one ahead of it ends`);
      end = regions.vpn(region) + regions.pages(region);
    }
  }
  const table = i32[CTL_REGION_TABLE];
  for (
    let region = table;
    region < table + i32[CTL_REGIONS] * REGION_WORDS;
    region += REGION_WORDS
  ) {
    if (i32[region + REGION_GUEST] !== 0 && !listed.has(region))
      findings.say(`${findings.region(region)} is on no list`);
  }
  return yield* checkSlots(machine, [...listed], findings);
}

function* checkSlots(
  machine: Machine,
  listed: readonly number[],
  findings: Findings,
): LongWork<number[]> {
  const { regions } = machine;
  const { i32, slotTable } = machine.memory;
  const tableEnd = slotTable + i32[CTL_SLOTS] * SLOT_WORDS;
  const sound: number[] = [];
  let used = 0;
  let free = slotTable;
  for (const region of [...listed].sort((a, b) => i32[a + REGION_SLOT] - i32[b + REGION_SLOT])) {
    const first = i32[region + REGION_SLOT];
    const end = first + regions.pages(region) * SLOT_WORDS;
    if (first < free || end > tableEnd) {
      findings.say(`${findings.region(region)} has slots that are another's, or none's`);
      continue;
    }
    yield* checkFree(machine, free, first, findings);
    for (let slot = first; slot < end; slot += SLOT_WORDS) {
      if ((slot - first) % STEP_WORDS === 0) yield;
      if (i32[slot + SLOT_REGION] !== region)
        findings.say(`a slot of ${findings.region(region)} says that it is another region's`);
    }
    used += regions.pages(region);
    free = end;
    sound.push(region);
  }
  yield* checkFree(machine, free, tableEnd, findings);
  findings.equal('registered pages', i32[CTL_SLOTS_USED], used);
  return sound;
}

function* checkFree(machine: Machine, from: number, end: number, findings: Findings): LongWork {
  const { i32, slotTable } = machine.memory;
  let word = from;
  while (word < end && i32[word] === 0) {
    word++;
    if (word % STEP_WORDS === 0) yield;
  }
  if (word < end) {
    findings.say(`free slot ${Math.floor((word - slotTable) / SLOT_WORDS)} is not all zeroes`);
  }
}

/** Checks the ring of guests and the cursor's place on it. */
export function checkMmList(machine: Machine, guests: readonly number[], findings: Findings): void {
  const { i32 } = machine.memory;
  const list = new MmList(machine.memory);
  const ring = new Set<number>([list.head]);
  const known = new Set(guests);
  for (let at = list.head; ; ) {
    const next = i32[at + MM_NEXT];
    if (next !== list.head && !known.has(next)) {
      findings.say('the list of guests that KSM knows leads to what is no guest');
      return;
    }
    if (i32[next + MM_PREV] !== at)
      findings.say(`the list of guests that KSM knows is broken before ${findings.guest(next)}`);
    if (next === list.head) break;
    if (ring.has(next)) {
      findings.say('the list of guests that KSM knows never comes back to its head');
      return;
    }
    ring.add(next);
    at = next;
  }
  if (!ring.has(list.cursor))
    findings.say('the cursor stands at a guest that is not on the list of guests that KSM knows');
  for (const guest of guests) {
    if (list.has(guest) !== ring.has(guest)) {
      findings.say(
        `${findings.guest(guest)} is ${ring.has(guest) ? '' : 'not '}on the list of guests ` +
          'that KSM knows, but says otherwise',
      );
    }
    if (i32[guest + GUEST_ON_LIST] !== 0) continue;
    if (i32[guest + GUEST_STATE] === GUEST_EXITING)
      findings.say(`${findings.guest(guest)} is exiting, and the scanner will never pass it`);
    if (i32[guest + GUEST_RMAP_ITEMS] !== 0)
      findings.say(`${findings.guest(guest)} has rmap items that the scanner will never pass`);
  }
}
