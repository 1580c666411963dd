/**
 * Which guest is on which host, and what each host then takes: kept as guests come and go. What a
 * guest would share is told for all hosts at once, from the hosts that have its contents.
 *
 * Whether a guest may go somewhere is told, and not enforced.
 */
import { HolderCounts } from './holder-counts.js';
import type { HostMemory } from './host-memory.js';
import type { SampledFleet } from './sampled-fleet.js';

export const NOWHERE = -1;

export interface Worth {
  /** Alone pages of guests that are nowhere, and one more each. */
  readonly missing: number;
  /** Copies of contents that are merged between guests, of all hosts together. */
  readonly copies: number;
}

/** That all guests are somewhere comes before any sharing. */
export function isBetter(one: Worth, other: Worth): boolean {
  return (
    one.missing < other.missing || (one.missing === other.missing && one.copies > other.copies)
  );
}

export class Placed implements Worth {
  readonly hostOf: Int32Array;
  /** Guests of each host, in no order. */
  readonly members: readonly number[][];
  readonly usedPages: Float64Array;
  /** Hosts that take more than they have. */
  crowded = 0;
  copies = 0;
  missing = 0;
  /** Guests that are somewhere else than today, and so many may be. */
  moved = 0;
  maxMoves = Number.POSITIVE_INFINITY;
  /** Counts looked at. A clock, if work ended by one, would make it depend on the machine. */
  work = 0;
  /** Of the guest that was weighed last, for each host: copies that it adds, and their squares. */
  readonly gains: Float64Array;
  private readonly gainSquares: Float64Array;

  private readonly alonePages: Float64Array;
  private readonly copiesOn: Float64Array;
  private readonly squaresOn: Float64Array;
  private readonly placeOf: Int32Array;
  private readonly counts: HolderCounts;

  constructor(
    readonly fleet: SampledFleet,
    readonly hosts: number,
    readonly memory: HostMemory,
  ) {
    const guests = fleet.guests.length;
    this.hostOf = new Int32Array(guests).fill(NOWHERE);
    this.members = Array.from({ length: hosts }, () => []);
    this.usedPages = new Float64Array(hosts);
    this.gains = new Float64Array(hosts);
    this.gainSquares = new Float64Array(hosts);
    this.alonePages = new Float64Array(hosts);
    this.copiesOn = new Float64Array(hosts);
    this.squaresOn = new Float64Array(hosts);
    this.placeOf = new Int32Array(guests);
    this.counts = new HolderCounts(fleet, hosts);
    for (const guest of fleet.guests.keys()) this.missing += fleet.alonePages[guest] + 1;
  }

  /** Of a guest that is nowhere. */
  add(guest: number, host: number): void {
    this.change(guest, host, 1);
    this.hostOf[guest] = host;
    this.placeOf[guest] = this.members[host].push(guest) - 1;
  }

  remove(guest: number): void {
    const host = this.hostOf[guest];
    this.change(guest, host, -1);
    this.hostOf[guest] = NOWHERE;
    const members = this.members[host];
    const last = members.pop();
    if (last === undefined || last === guest) return;
    members[this.placeOf[guest]] = last;
    this.placeOf[last] = this.placeOf[guest];
  }

  /** What a guest that is nowhere would add to each host. */
  weigh(guest: number): void {
    const { starts, contentsOf } = this.fleet;
    this.gains.fill(0);
    this.gainSquares.fill(0);
    this.work += this.hosts;
    for (let i = starts[guest]; i < starts[guest + 1]; i++)
      this.work += this.counts.tally(contentsOf[i], this.gains, this.gainSquares);
  }

  /** Of the guest that was weighed last: whether it may be there, and there is memory for it. */
  fits(guest: number, host: number): boolean {
    return (
      this.admits(guest, host) &&
      this.usedWith(guest, host, this.gains[host], this.gainSquares[host]) <= this.memory.pages
    );
  }

  /** With a guest that adds so many copies, without the error that these bring. */
  usedAtLeast(guest: number, host: number, gain: number): number {
    return this.usedWith(guest, host, gain, 0);
  }

  /** Whether all who are there are of its tenant. */
  admits(guest: number, host: number): boolean {
    const other = this.members[host][0];
    const { guests } = this.fleet;
    return other === undefined || guests[other].tenant === guests[guest].tenant;
  }

  /** Puts a guest that is nowhere to where it shares most, if it fits anywhere. */
  settle(guest: number, favour?: (host: number) => number): void {
    this.weigh(guest);
    const host = this.bestFor(guest, favour);
    if (host !== NOWHERE) this.add(guest, host);
  }

  /**
   * Of the guest that was weighed last. Today's host rather than another that is as good.
   *
   * @param favour by less than half a content: decides between hosts that are as good; or never
   */
  bestFor(guest: number, favour: (host: number) => number = () => 0): number {
    const today = this.fleet.guests[guest].host;
    let best = NOWHERE;
    let most = Number.NEGATIVE_INFINITY;
    for (let host = 0; host < this.hosts; host++) {
      if (this.gains[host] + 1 <= most || (host !== today && this.movesLeft <= 0)) continue;
      const score = this.gains[host] + favour(host) + (host === today ? 0.5 : 0);
      if (score <= most || !this.fits(guest, host)) continue;
      best = host;
      most = score;
    }
    return best;
  }

  nowhere(): number[] {
    if (this.missing === 0) return [];
    return [...this.hostOf.keys()].filter((guest) => this.hostOf[guest] === NOWHERE);
  }

  /** Guests that are somewhere else than today. */
  elsewhere(): number[] {
    const { hostOf, fleet } = this;
    return [...hostOf.keys()].filter(
      (guest) => hostOf[guest] !== NOWHERE && hostOf[guest] !== fleet.guests[guest].host,
    );
  }

  /** Copies of contents on a host, and their squares. */
  on(host: number): { readonly sum: number; readonly squares: number } {
    return { sum: this.copiesOn[host], squares: this.squaresOn[host] };
  }

  get movesLeft(): number {
    return this.maxMoves - this.moved;
  }

  /** For each content, its copies on all hosts together. */
  copiesOfContents(): number[] {
    return Array.from({ length: this.fleet.contents }, (_, content) => this.counts.copies(content));
  }

  private usedWith(guest: number, host: number, gain: number, squares: number): number {
    return this.memory.used(
      this.alonePages[host] + this.fleet.alonePages[guest],
      this.copiesOn[host] + gain,
      this.squaresOn[host] + squares,
    );
  }

  private change(guest: number, host: number, by: 1 | -1): void {
    const { starts, contentsOf, alonePages, guests } = this.fleet;
    let copies = 0;
    let squares = 0;
    for (let i = starts[guest]; i < starts[guest + 1]; i++) {
      const content = contentsOf[i];
      const others = by > 0 ? this.counts.add(content, host) : this.counts.remove(content, host);
      if (others === 0) continue;
      copies++;
      squares += 2 * others - 1;
    }
    this.work += starts[guest + 1] - starts[guest];
    this.alonePages[host] += by * alonePages[guest];
    this.copiesOn[host] += by * copies;
    this.squaresOn[host] += by * squares;
    this.copies += by * copies;
    this.missing -= by * (alonePages[guest] + 1);
    if (host !== guests[guest].host) this.moved += by;
    if (this.usedPages[host] > this.memory.pages) this.crowded--;
    this.usedPages[host] = this.memory.used(
      this.alonePages[host],
      this.copiesOn[host],
      this.squaresOn[host],
    );
    if (this.usedPages[host] > this.memory.pages) this.crowded++;
  }
}
