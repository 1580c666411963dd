/**
 * Pages, checked one by one: what a pte may be and what an rmap item may be beside it; and counted,
 * against every counter that is kept of them: the guests', the regions', the population groups' and
 * the kernel's.
 */
import {
  CTL_FRAMES,
  CTL_POPULATION_TABLE,
  CTL_RMAP_ITEMS,
  CTL_SLOTS,
  CTL_ZERO_PAGES,
  GUEST_MERGING_PAGES,
  GUEST_NODE,
  GUEST_PRESENT_PAGES,
  GUEST_RMAP_ITEMS,
  GUEST_ZERO_PAGES,
  POPULATION_SHIFT,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HASHED,
  PTE_HOLDER_MASK,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  PTE_ZERO,
  REGION_MERGEABLE,
  REGION_RMAP_ITEMS,
  RMAP_FLAGS,
  RMAP_IN_USE,
  RMAP_STABLE,
  RMAP_UNSTABLE,
  SLOT_WORDS,
} from '../../core/layout.js';
import { type Machine, pinsOf } from '../../machine/machine.js';
import type { Report } from './report.js';

/** What all the pages come to. */
export interface Census {
  /** Slots that have an rmap item. */
  readonly items: readonly number[];
  /** How many ptes map each frame. */
  readonly mappings: Int32Array;
}

class Tally {
  items = 0;
  merging = 0;
  zero = 0;
  present = 0;
  mergeable = 0;

  add(other: Tally): void {
    this.items += other.items;
    this.merging += other.merging;
    this.zero += other.zero;
    this.present += other.present;
  }
}

/** Goes through all the pages of `regions`. */
export function checkPages(
  machine: Machine,
  guests: readonly number[],
  regions: readonly number[],
  report: Report,
): Census {
  const { i32, slotTable } = machine.memory;
  const mappings = new Int32Array(i32[CTL_FRAMES]);
  const population = new Int32Array((i32[CTL_SLOTS] >> POPULATION_SHIFT) + 1);
  const items: number[] = [];
  const pins = pinsOf(machine);
  const ofGuest = new Map(guests.map((guest) => [guest, new Tally()]));
  const total = new Tally();

  for (const region of regions) {
    const tally = new Tally();
    const first = machine.regions.slot(region, machine.regions.vpn(region));
    for (
      let slot = first;
      slot < first + machine.regions.pages(region) * SLOT_WORDS;
      slot += SLOT_WORDS
    ) {
      const before = tally.items + tally.present;
      countPage(machine, slot, tally, pins, report);
      population[((slot - slotTable) / SLOT_WORDS) >> POPULATION_SHIFT] +=
        tally.items + tally.present - before;
      if ((i32[slot + RMAP_FLAGS] & RMAP_IN_USE) !== 0) items.push(slot);
      if ((i32[slot + PTE_STATE] & PTE_PRESENT) !== 0 && i32[slot + PTE_FRAME] < mappings.length)
        mappings[i32[slot + PTE_FRAME]]++;
    }
    const name = report.region(region);
    report.equal(`${name}, rmap items`, i32[region + REGION_RMAP_ITEMS], tally.items);
    if (machine.regions.isGhost(region)) {
      if (tally.items === 0) report.say(`${name} has no rmap item left to stay for`);
      if (tally.present + tally.zero + tally.mergeable > 0)
        report.say(`${name} has pages mapped or mergeable`);
    } else
      report.equal(`${name}, mergeable pages`, i32[region + REGION_MERGEABLE], tally.mergeable);
    ofGuest.get(machine.pages.guest(first))?.add(tally);
    total.add(tally);
  }

  for (const [guest, tally] of ofGuest) {
    const name = report.guest(guest);
    report.equal(`${name}, ksm_rmap_items`, i32[guest + GUEST_RMAP_ITEMS], tally.items);
    report.equal(`${name}, ksm_merging_pages`, i32[guest + GUEST_MERGING_PAGES], tally.merging);
    report.equal(`${name}, ksm_zero_pages`, i32[guest + GUEST_ZERO_PAGES], tally.zero);
    report.equal(`${name}, present pages`, i32[guest + GUEST_PRESENT_PAGES], tally.present);
  }
  report.equal('rmap items', i32[CTL_RMAP_ITEMS], total.items);
  report.equal('ksm_zero_pages', i32[CTL_ZERO_PAGES], total.zero);
  for (const [group, count] of population.entries()) {
    report.equal(
      `population of slot group ${group}`,
      i32[i32[CTL_POPULATION_TABLE] + group],
      count,
    );
  }
  return { items, mappings };
}

function countPage(
  machine: Machine,
  slot: number,
  tally: Tally,
  pins: ReadonlyMap<number, number>,
  report: Report,
): void {
  const { i32 } = machine.memory;
  const state = i32[slot + PTE_STATE];
  const flags = i32[slot + RMAP_FLAGS];
  if ((state & PTE_PRESENT) !== 0) tally.present++;
  if ((state & PTE_ZERO) !== 0) tally.zero++;
  if ((state & PTE_MERGEABLE) !== 0) tally.mergeable++;
  if ((flags & RMAP_IN_USE) !== 0) tally.items++;
  if ((flags & RMAP_STABLE) !== 0) tally.merging++;
  for (const wrong of [
    ...pteFaults(machine, slot, state, pins),
    ...itemFaults(machine, slot, state, flags),
  ])
    report.say(`${report.page(slot)} ${wrong}`);
}

function* pteFaults(
  machine: Machine,
  slot: number,
  state: number,
  pins: ReadonlyMap<number, number>,
): Generator<string> {
  const { i32 } = machine.memory;
  const frame = i32[slot + PTE_FRAME];
  if ((state & PTE_HOLDER_MASK) !== 0) yield `is locked by ${state & PTE_HOLDER_MASK}`;
  if ((state & PTE_PRESENT) === 0) {
    if (frame !== 0) yield `is not present but names frame ${frame}`;
    if ((state & PTE_WRITABLE) !== 0) yield 'is not present but writable';
    return;
  }
  if ((state & PTE_ZERO) !== 0) yield 'maps a frame and the zero page';
  if (frame < 1 || frame >= i32[CTL_FRAMES]) {
    yield `maps frame ${frame}, which there is not`;
    return;
  }
  const stable = machine.frames.stableNode(frame);
  if ((state & PTE_WRITABLE) !== 0) {
    if (machine.frames.mapcount(frame) !== 1)
      yield `is writable, and its frame ${frame} is mapped ${machine.frames.mapcount(frame)} times`;
    if (stable !== 0) yield `is writable, and its frame ${frame} is a KSM page`;
    if (machine.frames.node(frame) !== i32[machine.pages.guest(slot) + GUEST_NODE])
      yield `has a frame of its own from another NUMA node, frame ${frame}`;
  } else if (stable === 0 && machine.frames.mapcount(frame) !== 1 + (pins.get(frame) ?? 0)) {
    yield `shares frame ${frame}, which is no KSM page`;
  }
}

function* itemFaults(
  machine: Machine,
  slot: number,
  state: number,
  flags: number,
): Generator<string> {
  const { i32 } = machine.memory;
  if ((flags & RMAP_IN_USE) === 0) {
    if (flags !== 0) yield 'has no rmap item but flags of one';
    return;
  }
  if ((flags & RMAP_STABLE) !== 0 && (flags & RMAP_UNSTABLE) !== 0) yield 'is in both trees';
  const clean = (state & (PTE_PRESENT | PTE_DIRTY)) === PTE_PRESENT;
  if (
    clean &&
    (state & PTE_HASHED) !== 0 &&
    machine.memory.frameChecksum(i32[slot + PTE_FRAME]) !== i32[slot + PTE_CHECKSUM]
  ) {
    yield 'is clean, but its checksum is not that of its bytes';
  }
}
