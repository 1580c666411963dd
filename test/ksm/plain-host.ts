/**
 * What guests must see, whatever KSM does: their memory as plain arrays. And the steps that tests
 * take on both.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { STRETCH_PAGES } from '../../src/core/layout.js';
import { isKsmdError } from '../../src/errors.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { ADVICE, type Advice } from '../../src/names.js';

export const PAGE_SIZE = 64;
const MAX_GUESTS = 4;
const MAX_REGIONS = 10;
const MAX_PAGES = 16;
/** Where regions may begin, so that they come and go at the same addresses. */
const PLACES = 6;

interface PlainRegion {
  readonly guest: string;
  readonly name: string;
  readonly address: number;
  readonly bytes: Uint8Array;
}

export type Step =
  | { readonly do: 'create'; readonly node: number }
  | {
      readonly do: 'register';
      readonly guest: number;
      readonly place: number;
      readonly pages: number;
      readonly mergeable: boolean;
      /** The region's own, if it has one. */
      readonly node?: number | undefined;
    }
  | {
      readonly do: 'store';
      readonly region: number;
      readonly at: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly do: 'fill';
      readonly region: number;
      readonly page: number;
      readonly count: number;
      readonly content: number;
      readonly step: number;
    }
  | {
      readonly do: 'madvise';
      readonly region: number;
      readonly page: number;
      readonly count: number;
      readonly advice: number;
    }
  | { readonly do: 'load'; readonly region: number; readonly at: number; readonly length: number }
  | { readonly do: 'scan'; readonly pages: number }
  | { readonly do: 'set'; readonly tunable: readonly [name: string, value: number] }
  | { readonly do: 'fork'; readonly which: number }
  | { readonly do: 'bind'; readonly which: number; readonly node: number }
  | { readonly do: 'prctl'; readonly which: number; readonly merge: boolean }
  | { readonly do: 'exec'; readonly which: number }
  | { readonly do: 'unregister'; readonly which: number }
  | { readonly do: 'exit'; readonly which: number };

const TUNABLES: readonly (readonly [string, number])[] = [
  ['run', 0],
  ['run', 1],
  ['run', 2],
  ['run', 2],
  ['max_page_sharing', 2],
  ['max_page_sharing', 3],
  ['max_page_sharing', 256],
  ['use_zero_pages', 0],
  ['use_zero_pages', 1],
  ['use_zero_pages', 1],
  ['smart_scan', 0],
  ['smart_scan', 1],
  ['change_detection', 1],
  ['change_detection', 0],
  ['merge_across_nodes', 0],
  ['merge_across_nodes', 1],
  ['stable_node_chains_prune_millisecs', 0],
  ['stable_node_chains_prune_millisecs', 100_000],
];

const which = fc.nat({ max: 1000 });
const page = fc.nat({ max: MAX_PAGES - 1 });
const count = fc.integer({ min: 1, max: MAX_PAGES });

function kind<T extends string>(name: T): fc.Arbitrary<T> {
  return fc.constant(name);
}

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: kind('create'), node: fc.nat({ max: 1 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: kind('register'),
      guest: which,
      place: fc.nat({ max: PLACES - 1 }),
      pages: count,
      mergeable: fc.oneof(
        { weight: 5, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
      node: fc.option(fc.nat({ max: 1 }), { freq: 4, nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: kind('store'),
      region: which,
      at: which,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 200, max: 1 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: kind('fill'),
      region: which,
      page,
      count,
      content: fc.nat({ max: 3 }),
      step: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: kind('madvise'),
      region: which,
      page,
      count,
      advice: fc.nat({ max: ADVICE.length - 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: kind('load'),
      region: which,
      at: which,
      length: fc.integer({ min: 1, max: 200 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: kind('scan'),
      pages: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(500)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: kind('set'), tunable: fc.constantFrom(...TUNABLES) }) },
  { weight: 1, arbitrary: fc.record({ do: kind('fork'), which }) },
  { weight: 1, arbitrary: fc.record({ do: kind('bind'), which, node: fc.nat({ max: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ do: kind('prctl'), which, merge: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: kind('exec'), which }) },
  { weight: 1, arbitrary: fc.record({ do: kind('unregister'), which }) },
  { weight: 1, arbitrary: fc.record({ do: kind('exit'), which }) },
);

export interface World {
  readonly kernel: ProfileName;
  readonly nodes: number;
  readonly frames: number;
  /** Regions are advised to huge pages, and have room for one or two, and some pages besides. */
  readonly huge?: boolean;
}

/** A host, and beside it what its guests' memory must hold. */
export class PlainHost {
  readonly host: Host;
  readonly clock: ManualClock;
  private readonly guests: string[] = [];
  private regions: PlainRegion[] = [];
  private names = 0;

  /** What of a guest's addresses one step of a place or page goes by. */
  private readonly scale: number;

  constructor(
    private readonly world: World,
    host?: Host,
    clock = new ManualClock(),
  ) {
    this.clock = clock;
    this.scale = world.huge === true ? STRETCH_PAGES / (MAX_PAGES / 2) : 1;
    const options = {
      memoryBytes: world.frames * PAGE_SIZE,
      pageSize: PAGE_SIZE,
      kernel: world.kernel,
    };
    this.host =
      host ??
      Host.create(
        { ...options, guestPages: 400 * this.scale, maxGuests: 8, maxRegions: 24 },
        this.clock,
      );
  }

  /** The same guests, with the same in their memory, on another host. */
  on(host: Host): PlainHost {
    const other = new PlainHost(this.world, host, this.clock);
    other.names = this.names;
    other.guests.push(...this.guests);
    other.regions = this.regions.map((region) => ({ ...region, bytes: region.bytes.slice() }));
    return other;
  }

  take(step: Step): void {
    switch (step.do) {
      case 'create':
        if (this.guests.length < MAX_GUESTS) this.create(step.node % this.world.nodes);
        return;
      case 'register':
        this.register(pick(this.guests, step.guest), step);
        return;
      case 'fork':
        this.fork(pick(this.guests, step.which));
        return;
      case 'bind': {
        const guest = pick(this.guests, step.which);
        if (guest !== undefined) this.host.bind(guest, step.node % this.world.nodes);
        return;
      }
      case 'prctl':
        this.prctl(pick(this.guests, step.which), step.merge);
        return;
      case 'exec':
        this.exec(pick(this.guests, step.which));
        return;
      case 'exit':
        this.exit(pick(this.guests, step.which));
        return;
      case 'scan':
        this.clock.now += 1000;
        this.host.ksm.scan(step.pages * this.scale);
        return;
      case 'set':
        this.set(...step.tunable);
        return;
      default: {
        const region = pick(this.regions, 'which' in step ? step.which : step.region);
        if (region !== undefined) this.takeInRegion(region, step);
      }
    }
  }

  /** Everything goes: guests exit, the scanner passes, and empty chains go with run=2. */
  end(): void {
    for (const guest of [...this.guests]) this.exit(guest);
    for (let scan = 0; scan < 3; scan++) this.host.ksm.scan(100_000);
    this.host.files.set('run', 0);
    this.host.files.set('run', 2);
  }

  assertBytes(): void {
    for (const { guest, name, address, bytes } of this.regions) {
      const seen = new Uint8Array(bytes.length);
      this.host.memory.load(guest, address, seen);
      if (Buffer.compare(seen, bytes) !== 0)
        expect(Buffer.from(seen), `what ${guest} has in ${name}`).toEqual(Buffer.from(bytes));
    }
  }

  private create(node: number): void {
    const name = `g${this.names++}`;
    this.host.createGuest(name, node);
    this.guests.push(name);
  }

  private register(guest: string | undefined, step: Extract<Step, { do: 'register' }>): void {
    const { place, pages, mergeable } = step;
    const node = step.node === undefined ? undefined : step.node % this.world.nodes;
    const lead = this.world.huge === true ? MAX_PAGES / 2 - 3 * (place % 2) : 1;
    const address = (lead + place * (MAX_PAGES / 2)) * this.scale * PAGE_SIZE;
    const more = this.world.huge === true ? pages : 0;
    this.registerAt(guest, address, pages * this.scale + more, { mergeable, node });
  }

  private registerAt(
    guest: string | undefined,
    address: number,
    pages: number,
    advice: { readonly mergeable: boolean; readonly node: number | undefined },
  ): void {
    const options = { address, huge: this.world.huge, ...advice };
    const end = address + pages * PAGE_SIZE;
    if (guest === undefined || this.regions.length === MAX_REGIONS) return;
    const name = `r${this.names++}`;
    const overlaps = this.regions.some(
      (r) => r.guest === guest && r.address < end && r.address + r.bytes.length > address,
    );
    if (overlaps) {
      expect(() => this.host.map(guest, name, pages, options)).toThrow(
        expect.objectContaining({ code: 'EINVAL' }),
      );
      return;
    }
    this.host.map(guest, name, pages, options);
    this.regions.push({ guest, name, address, bytes: new Uint8Array(pages * PAGE_SIZE) });
  }

  private fork(guest: string | undefined): void {
    if (guest === undefined || this.guests.length === MAX_GUESTS) return;
    const child = `g${this.names++}`;
    try {
      this.host.fork(guest, child);
    } catch (error) {
      if (!isKsmdError(error, 'ENOSPC')) throw error;
      expect(this.host.guests.has(child), 'a fork that fails leaves no child').toBe(false);
      return;
    }
    this.guests.push(child);
    for (const region of this.regions.filter((r) => r.guest === guest))
      this.regions.push({ ...region, guest: child, bytes: region.bytes.slice() });
  }

  private prctl(guest: string | undefined, merge: boolean): void {
    if (guest === undefined) return;
    const before = this.host.mergesAny(guest);
    try {
      this.host.prctl(guest, merge);
      expect(this.host.mergesAny(guest)).toBe(merge);
    } catch (error) {
      const isShort = isKsmdError(error, 'ENOMEM') && !merge;
      if (!isShort && !isKsmdError(error, 'EINVAL')) throw error;
      expect(this.host.mergesAny(guest), 'what is refused has changed nothing').toBe(before);
    }
  }

  private exec(guest: string | undefined): void {
    if (guest === undefined) return;
    try {
      this.host.exec(guest);
    } catch (error) {
      if (!isKsmdError(error, 'ENOSPC')) throw error;
      return;
    }
    this.regions = this.regions.filter((region) => region.guest !== guest);
  }

  private exit(guest: string | undefined): void {
    if (guest === undefined) return;
    this.host.exitGuest(guest);
    this.guests.splice(this.guests.indexOf(guest), 1);
    this.regions = this.regions.filter((region) => region.guest !== guest);
  }

  private set(name: string, value: number): void {
    try {
      this.host.files.set(name, value);
    } catch (error) {
      // Older kernels lack some, pages may be shared, and there may be too few frames to unmerge.
      if (
        !(
          isKsmdError(error, 'ENOENT') ||
          isKsmdError(error, 'EBUSY') ||
          isKsmdError(error, 'ENOMEM')
        )
      )
        throw error;
    }
  }

  private takeInRegion(
    region: PlainRegion,
    step: Extract<Step, { readonly region: number } | { readonly do: 'unregister' }>,
  ): void {
    const { guest, address, bytes } = region;
    const size = bytes.length / PAGE_SIZE;
    switch (step.do) {
      case 'unregister':
        this.host.unmap(guest, region.name);
        this.regions.splice(this.regions.indexOf(region), 1);
        return;
      case 'load': {
        const at = step.at % bytes.length;
        const seen = new Uint8Array(Math.min(step.length, bytes.length - at));
        this.host.memory.load(guest, address + at, seen);
        expect(Buffer.from(seen)).toEqual(Buffer.from(bytes.slice(at, at + seen.length)));
        return;
      }
      case 'store': {
        const at = step.at % bytes.length;
        this.store(region, at, step.bytes.subarray(0, bytes.length - at));
        return;
      }
      case 'fill': {
        const first = (step.page * this.scale) % size;
        for (let i = 0; i < Math.min(step.count, size - first); i++) {
          // Content 0 is a page of zeroes; the others differ in their last byte.
          const content = new Uint8Array(PAGE_SIZE);
          content[PAGE_SIZE - 1] = step.content + i * step.step;
          this.store(region, (first + i) * PAGE_SIZE, content);
        }
        return;
      }
      case 'madvise': {
        const first = (step.page * this.scale) % size;
        const count = Math.min(step.count * this.scale, size - first);
        this.madvise(region, first * PAGE_SIZE, count * PAGE_SIZE, ADVICE[step.advice]);
      }
    }
  }

  /** Stores in both. Where frames run out, whole pages are stored up to the one that found none. */
  private store({ guest, address, bytes }: PlainRegion, at: number, source: Uint8Array): void {
    let stored = source.length;
    try {
      this.host.memory.store(guest, address + at, source);
    } catch (error) {
      if (!isKsmdError(error, 'ENOMEM')) throw error;
      stored = error.details.bytesStored ?? 0;
      expect(this.host.machine.frames.used, 'a store fails only when no frame is free').toBe(
        this.host.machine.frames.total,
      );
      expect(
        stored === 0 || (address + at + stored) % PAGE_SIZE === 0,
        'whole pages are stored',
      ).toBe(true);
      expect(stored).toBeLessThan(source.length);
    }
    bytes.set(source.subarray(0, stored), at);
  }

  private madvise(
    { guest, address, bytes }: PlainRegion,
    at: number,
    length: number,
    advice: Advice,
  ): void {
    try {
      this.host.madvise(guest, address + at, length, advice);
    } catch (error) {
      const isRefused =
        advice === 'collapse' && (isKsmdError(error, 'EINVAL') || isKsmdError(error, 'EAGAIN'));
      const isShort =
        isKsmdError(error, 'ENOMEM') && (advice === 'unmergeable' || advice === 'collapse');
      if (!isRefused && !isShort) throw error;
    }
    if (advice === 'dontneed') bytes.fill(0, at, at + length);
  }
}

function pick<T>(list: readonly T[], which: number): T | undefined {
  return list.length === 0 ? undefined : list[which % list.length];
}
