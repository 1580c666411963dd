/** What a check found: one plain sentence a disagreement, and how it names things. */
import {
  CTL_GUEST_TABLE,
  CTL_STABLE_NODE_TABLE,
  GUEST_WORDS,
  REGION_GUEST,
  SLOT_REGION,
  SLOT_WORDS,
  STABLE_NODE_WORDS,
} from '../../core/layout.js';
import { hex } from '../../hex.js';
import type { Machine } from '../../machine/machine.js';

/** The name of the guest at that pointer, where somebody keeps names. */
export type GuestName = (guest: number) => string | undefined;

/** So many sentences are kept; a memory damaged all over would have one for each page. */
const MOST_SENTENCES = 1000;

export class Findings {
  private readonly kept: string[] = [];
  private more = 0;

  constructor(
    private readonly machine: Machine,
    private readonly guestName: GuestName,
  ) {}

  /** What was said, and how much more there was. */
  get sentences(): string[] {
    if (this.more === 0) return this.kept;
    return [...this.kept, `and ${this.more} more that are not listed`];
  }

  say(sentence: string): void {
    if (this.kept.length < MOST_SENTENCES) this.kept.push(sentence);
    else this.more++;
  }

  /** Says so if a number that is written down is not the one counted. */
  equal(what: string, written: number, counted: number): void {
    if (written !== counted) this.differ(what, written, counted);
  }

  /** Says that the two differ. For checks made once a page, which name a thing only if needed. */
  differ(what: string, written: number, counted: number): void {
    this.say(`${what}: ${written} is written down, a recount gives ${counted}`);
  }

  guest(guest: number): string {
    const name = this.guestName(guest);
    if (name !== undefined) return `guest '${name}'`;
    return `guest entry ${(guest - this.machine.memory.i32[CTL_GUEST_TABLE]) / GUEST_WORDS}`;
  }

  region(region: number): string {
    const { machine } = this;
    const kind = machine.regions.isGhost(region) ? 'ghost' : 'region';
    return (
      `${kind} at ${hex(machine.regions.vpn(region) * machine.pageSize)} of ` +
      `${this.guest(machine.memory.i32[region + REGION_GUEST])}`
    );
  }

  page(slot: number): string {
    const { machine } = this;
    if (machine.memory.i32[slot + SLOT_REGION] === 0)
      return `free slot ${(slot - machine.memory.slotTable) / SLOT_WORDS}`;
    return (
      `page ${hex(machine.regions.vpnOf(slot) * machine.pageSize)} of ` +
      `${this.guest(machine.pages.guest(slot))}`
    );
  }

  stableNode(stable: number): string {
    return (
      'stable node ' +
      `${(stable - this.machine.memory.i32[CTL_STABLE_NODE_TABLE]) / STABLE_NODE_WORDS}`
    );
  }
}
