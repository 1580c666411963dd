/**
 * Pages, checked one by one: what a pte may be, and what an rmap item may be beside it. And pages,
 * counted, against every counter kept of them: the guests', the regions', the population groups'
 * and the kernel's.
 */
import {
  CTL_FRAMES,
  CTL_POPULATION_TABLE,
  CTL_REGIONS,
  CTL_RMAP_ITEMS,
  CTL_SLOTS,
  CTL_ZERO_PAGES,
  GUEST_MERGING_PAGES,
  GUEST_PRESENT_PAGES,
  GUEST_RMAP_ITEMS,
  GUEST_ZERO_PAGES,
  POPULATION_SHIFT,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FORK_MASK,
  PTE_FRAME,
  PTE_HASHED,
  PTE_HELD,
  PTE_HOLDER_MASK,
  PTE_MERGEABLE,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_KIN,
  REGION_MERGEABLE,
  REGION_RMAP_ITEMS,
  REGION_SLOT,
  RMAP_FLAGS,
  RMAP_IN_USE,
  RMAP_STABLE,
  RMAP_UNSTABLE,
  SLOT_REGION,
  SLOT_WORDS,
} from '../../core/layout.js';
import { type LongWork, PAGES_A_STEP } from '../../machine/long-work.js';
import { type Machine, pinsOf } from '../../machine/machine.js';
import { EntrySet } from './entry-set.js';
import type { Findings } from './findings.js';
import { isFrame } from './references.js';

/** What is counted of all pages. */
export interface Recount {
  /** Slots that have an rmap item. */
  readonly items: EntrySet;
  /** How many ptes map each frame, and how many references there are to it besides. */
  readonly mappings: Int32Array;
  readonly pins: Int32Array;
}

class PageCounts {
  items = 0;
  merging = 0;
  zero = 0;
  present = 0;
  mergeable = 0;

  add(other: PageCounts): void {
    this.items += other.items;
    this.merging += other.merging;
    this.zero += other.zero;
    this.present += other.present;
  }
}

/** Goes through all the pages of `regions`. */
export function* checkPages(
  machine: Machine,
  guests: readonly number[],
  regions: readonly number[],
  findings: Findings,
): LongWork<Recount> {
  const check = new PageCheck(machine, guests, findings);
  for (const region of regions) yield* check.region(region);
  yield* check.counters();
  return check;
}

class PageCheck implements Recount {
  readonly items: EntrySet;
  readonly mappings: Int32Array;
  readonly pins: Int32Array;
  private readonly i32: Int32Array;
  /** Of each group of slots. */
  private readonly population: Int32Array;
  private readonly ofGuest: ReadonlyMap<number, PageCounts>;
  private readonly total = new PageCounts();

  constructor(
    private readonly machine: Machine,
    guests: readonly number[],
    private readonly findings: Findings,
  ) {
    const { i32, slotTable } = machine.memory;
    this.i32 = i32;
    this.items = new EntrySet(slotTable, SLOT_WORDS, i32[CTL_SLOTS]);
    this.mappings = new Int32Array(i32[CTL_FRAMES]);
    this.pins = pinsOf(machine);
    this.population = new Int32Array((i32[CTL_SLOTS] >> POPULATION_SHIFT) + 1);
    this.ofGuest = new Map(guests.map((guest) => [guest, new PageCounts()]));
  }

  *region(region: number): LongWork {
    const { i32, machine, findings } = this;
    const counts = new PageCounts();
    const first = i32[region + REGION_SLOT];
    const end = machine.regions.endSlot(region);
    for (let slot = first; slot < end; slot += SLOT_WORDS) {
      this.page(slot, counts);
      if ((slot - first) % (PAGES_A_STEP * SLOT_WORDS) === 0) yield;
    }
    const name = findings.region(region);
    findings.equal(`${name}, rmap items`, i32[region + REGION_RMAP_ITEMS], counts.items);
    if (machine.regions.isGhost(region)) {
      if (counts.items === 0) findings.say(`${name} has no rmap item left to stay for`);
      if (counts.present + counts.zero + counts.mergeable > 0)
        findings.say(`${name} has pages mapped or mergeable`);
    } else
      findings.equal(`${name}, mergeable pages`, i32[region + REGION_MERGEABLE], counts.mergeable);
    this.ofGuest.get(machine.pages.guest(first))?.add(counts);
    this.total.add(counts);
  }

  /** Those kept of all pages, once all regions are gone through. */
  *counters(): LongWork {
    const { i32, findings, total } = this;
    for (const [guest, counts] of this.ofGuest) {
      const name = findings.guest(guest);
      findings.equal(`${name}, ksm_rmap_items`, i32[guest + GUEST_RMAP_ITEMS], counts.items);
      findings.equal(
        `${name}, ksm_merging_pages`,
        i32[guest + GUEST_MERGING_PAGES],
        counts.merging,
      );
      findings.equal(`${name}, ksm_zero_pages`, i32[guest + GUEST_ZERO_PAGES], counts.zero);
      findings.equal(`${name}, present pages`, i32[guest + GUEST_PRESENT_PAGES], counts.present);
    }
    findings.equal('rmap items', i32[CTL_RMAP_ITEMS], total.items);
    findings.equal('ksm_zero_pages', i32[CTL_ZERO_PAGES], total.zero);
    for (let group = 0; group < this.population.length; group++) {
      if (group % PAGES_A_STEP === 0) yield;
      const written = i32[i32[CTL_POPULATION_TABLE] + group];
      const counted = this.population[group];
      if (written !== counted)
        findings.differ(`population of slot group ${group}`, written, counted);
    }
  }

  private page(slot: number, counts: PageCounts): void {
    const { i32 } = this;
    const state = i32[slot + PTE_STATE];
    const flags = i32[slot + RMAP_FLAGS];
    const group = ((slot - this.machine.memory.slotTable) / SLOT_WORDS) >> POPULATION_SHIFT;
    if ((state & PTE_PRESENT) !== 0) {
      counts.present++;
      this.population[group]++;
      if (isFrame(i32, i32[slot + PTE_FRAME])) this.mappings[i32[slot + PTE_FRAME]]++;
    }
    if ((state & PTE_ZERO) !== 0) counts.zero++;
    if ((state & PTE_MERGEABLE) !== 0) counts.mergeable++;
    if ((flags & RMAP_IN_USE) !== 0) {
      counts.items++;
      this.population[group]++;
      this.items.add(slot);
    }
    if ((flags & RMAP_STABLE) !== 0) counts.merging++;
    this.checkPte(slot, state);
    this.checkItem(slot, state, flags);
  }

  private checkPte(slot: number, state: number): void {
    const { i32, machine } = this;
    const frame = i32[slot + PTE_FRAME];
    const holder = state & PTE_HOLDER_MASK;
    if (holder !== 0) this.say(slot, `is locked by ${holder}`);
    const isForked = (state & PTE_FORK_MASK) !== 0;
    if (isForked && (state & PTE_OWN) !== 0) this.say(slot, 'is shared by a fork but writable');
    if (isForked && (state & (PTE_PRESENT | PTE_ZERO)) === 0)
      this.say(slot, 'is shared by a fork and there is nothing');
    if ((state & PTE_PRESENT) === 0) {
      if (frame !== 0) this.say(slot, `is not present but names frame ${frame}`);
      if ((state & PTE_OWN) !== 0) this.say(slot, 'is not present but writable');
      return;
    }
    if ((state & PTE_ZERO) !== 0) this.say(slot, 'maps a frame and the zero page');
    if (!isFrame(i32, frame)) {
      this.say(slot, `maps frame ${frame}, which there is not`);
      return;
    }
    const isKsm = machine.frames.isKsm(frame);
    const mapcount = machine.frames.mapcount(frame);
    if ((state & PTE_OWN) !== 0) {
      const held = (state & PTE_HELD) === 0 ? 0 : this.pins[frame];
      if (mapcount !== 1 + held)
        this.say(slot, `is writable, and its frame ${frame} is mapped ${mapcount} times`);
      if ((state & PTE_OWN) === PTE_OWN) this.say(slot, 'is writable, and held by a snapshot');
      if (isKsm) this.say(slot, `is writable, and its frame ${frame} is a KSM page`);
    } else if (!isKsm && mapcount !== this.kinMapping(slot, frame) + this.pins[frame]) {
      this.say(slot, `shares frame ${frame}, which is no KSM page, with pages that no fork made`);
    }
  }

  /** How many of the pages that were one with this before a fork map the frame, itself included. */
  private kinMapping(slot: number, frame: number): number {
    const { i32 } = this;
    const region = i32[slot + SLOT_REGION];
    const offset = slot - i32[region + REGION_SLOT];
    let count = 0;
    let kin = region;
    // A ring that is damaged is no longer than there are regions.
    for (let steps = 0; steps < i32[CTL_REGIONS]; steps++) {
      const at = i32[kin + REGION_SLOT] + offset;
      if (i32[at + PTE_FRAME] === frame && (i32[at + PTE_STATE] & PTE_PRESENT) !== 0) count++;
      kin = i32[kin + REGION_KIN];
      if (kin === region) break;
    }
    return count;
  }

  private checkItem(slot: number, state: number, flags: number): void {
    const { i32, machine } = this;
    if ((flags & RMAP_IN_USE) === 0) {
      if (flags !== 0) this.say(slot, 'has no rmap item but flags of one');
      return;
    }
    if ((flags & RMAP_STABLE) !== 0 && (flags & RMAP_UNSTABLE) !== 0)
      this.say(slot, 'is in both trees');
    const clean = (state & (PTE_PRESENT | PTE_DIRTY)) === PTE_PRESENT;
    if (
      clean &&
      (state & PTE_HASHED) !== 0 &&
      machine.memory.frameChecksum(i32[slot + PTE_FRAME]) !== i32[slot + PTE_CHECKSUM]
    ) {
      this.say(slot, 'is clean, but its checksum is not that of its bytes');
    }
  }

  private say(slot: number, wrong: string): void {
    this.findings.say(`${this.findings.page(slot)} ${wrong}`);
  }
}
