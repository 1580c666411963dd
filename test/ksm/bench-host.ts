/**
 * A small host with guests whose pages are told apart by a number. Full scans are counted by hand:
 * a batch ends with the scan.
 */
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { CounterName } from '../../src/ksm/records/counter-records.js';

export const PAGE = 64;

export class BenchHost {
  readonly clock = new ManualClock();
  readonly host: Host;
  private readonly pages = new Map<string, number>();

  constructor(kernel: ProfileName = '6.18', frames = 256) {
    const options = {
      memoryBytes: frames * PAGE,
      pageSize: PAGE,
      guestPages: 512,
      maxGuests: 8,
      maxRegions: 16,
    };
    this.host = Host.create({ ...options, kernel }, this.clock);
    this.host.files.set('run', 1);
  }

  /** A guest with one mergeable region, and in its pages the contents, in order. */
  guest(name: string, contents: readonly number[], node = 0): void {
    this.host.createGuest(name, node);
    this.host.map(name, 'r', contents.length, { address: PAGE });
    this.pages.set(name, contents.length);
    for (const [page, content] of contents.entries()) this.put(name, page, content);
  }

  put(guest: string, page: number, content: number): void {
    const bytes = new Uint8Array(PAGE);
    bytes[PAGE - 1] = content;
    this.host.memory.store(guest, (1 + page) * PAGE, bytes);
  }

  contents(guest: string): number[] {
    const bytes = new Uint8Array((this.pages.get(guest) ?? 0) * PAGE);
    this.host.memory.load(guest, PAGE, bytes);
    return Array.from({ length: bytes.length / PAGE }, (_, page) => bytes[(page + 1) * PAGE - 1]);
  }

  /** Scans to the end of all memory, so many times. */
  fullScans(times = 1): void {
    for (let i = 0; i < times; i++) this.host.ksm.scan(100_000);
  }

  counters(...names: CounterName[]): (number | undefined)[] {
    const all = this.host.files.counters();
    return names.map((name) => all[name]);
  }

  tunable(name: string): number | string {
    return this.host.files.tunables()[name];
  }
}

/** So many times the same. */
export function times(count: number, content: number): number[] {
  return Array.from({ length: count }, () => content);
}
