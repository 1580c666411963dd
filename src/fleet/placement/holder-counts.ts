/**
 * How many guests of each host have each content: for each content a list of the hosts that have
 * it, in no order.
 */
import { endsOf, type SampledFleet } from './sampled-fleet.js';

export class HolderCounts {
  /** Where a content's list begins, and how many hosts it has. */
  private readonly starts: Uint32Array;
  private readonly lengths: Uint32Array;
  private readonly hosts: Uint32Array;
  private readonly counts: Uint32Array;

  constructor({ contents, holderStarts }: SampledFleet, hosts: number) {
    const rooms = Uint32Array.from({ length: contents }, (_, content) =>
      Math.min(holderStarts[content + 1] - holderStarts[content], hosts),
    );
    this.starts = endsOf(rooms);
    this.lengths = new Uint32Array(contents);
    this.hosts = new Uint32Array(this.starts[contents]);
    this.counts = new Uint32Array(this.starts[contents]);
  }

  /** One more: how many there were. */
  add(content: number, host: number): number {
    const at = this.find(content, host);
    if (at < this.endOf(content)) return this.counts[at]++;
    this.lengths[content]++;
    this.hosts[at] = host;
    this.counts[at] = 1;
    return 0;
  }

  /** One less: how many are left. */
  remove(content: number, host: number): number {
    const at = this.find(content, host);
    const left = --this.counts[at];
    if (left > 0) return left;
    this.lengths[content]--;
    const last = this.endOf(content);
    this.hosts[at] = this.hosts[last];
    this.counts[at] = this.counts[last];
    return 0;
  }

  /**
   * For each host that has a content: one more in `having`, and in `squares` by how much the square
   * of its copies grows with one more holder. Returns how many hosts there are.
   */
  tally(content: number, having: Float64Array, squares: Float64Array): number {
    const { hosts, counts } = this;
    const end = this.endOf(content);
    for (let at = this.starts[content]; at < end; at++) {
      const host = hosts[at];
      having[host]++;
      squares[host] += 2 * counts[at] - 1;
    }
    return this.lengths[content];
  }

  /** On each host that has a content all holders but one, together. */
  copies(content: number): number {
    let copies = 0;
    for (let at = this.starts[content]; at < this.endOf(content); at++)
      copies += this.counts[at] - 1;
    return copies;
  }

  private endOf(content: number): number {
    return this.starts[content] + this.lengths[content];
  }

  /** Where its list has a host, or ends. */
  private find(content: number, host: number): number {
    const end = this.endOf(content);
    let at = this.starts[content];
    while (at < end && this.hosts[at] !== host) at++;
    return at;
  }
}
