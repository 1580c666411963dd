/** What a check found: one plain sentence a disagreement, and the names of the things in it. */
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

export class Report {
  readonly sentences: string[] = [];

  constructor(
    private readonly machine: Machine,
    private readonly guestName: GuestName,
  ) {}

  say(sentence: string): void {
    this.sentences.push(sentence);
  }

  /** Says so if a number that is written down is not the one counted. */
  equal(what: string, written: number, counted: number): void {
    if (written !== counted)
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
