/**
 * A fleet that never was, of which everything is known: what each guest's pages hold, and so how
 * much any two guests share, and how many contents there are in all. It is the same every time, for
 * one seed, and any page of it is told without the others.
 *
 * A guest's pages: zeroes, some that never rest, and the rest, of which only those in the sample
 * are made. A part of these every guest may have, a part those of its distribution, a part those of
 * its family, each content with some chance. A part is had by guests of all families: by how many,
 * from 2 to a fifth of the fleet, falls off as a power law. A part is copied within the guest, and
 * what is left is its own alone.
 */
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';
import { mixed } from '../big-host/made-up.js';
import { Contents } from './contents.js';
import { Families } from './families.js';
import { shuffled } from './shuffled.js';

export interface Fleet {
  readonly seed: number;
  readonly hosts: number;
  readonly guestsAHost: number;
  /** Of each guest. */
  readonly pages: number;
  /** One content in so many is told. */
  readonly sample: number;
  readonly families: number;
}

/** The pages of a guest that are in the sample. */
export interface SampledPages {
  /** From the guest's first one, in ascending order. */
  readonly pages: Uint32Array;
  /** 16 bytes each. */
  readonly fingerprints: Buffer;
}

/** Contents of which each guest of a group has some. */
interface Pool {
  readonly owner: number;
  readonly contents: number;
  /** That a guest of the group has one. */
  readonly chance: number;
}

/** Of a guest's pages. */
const ZERO_PART = 0.12;
const RESTLESS_PART = 0.005;
/** The last of them are its heap. What is in it is its own. */
const HEAP_PART = 1 / 32;
/** Of those that neither hold zeroes nor are restless. */
const UBIQUITOUS = { part: 0.02, chance: 0.98 };
const OF_DISTRIBUTION = { part: 0.08, chance: 0.95 };
const OF_FAMILY = { part: 0.25, chance: 0.9 };
const POPULAR_PART = 0.05;
const COPIED_PART = 0.03;

const DISTRIBUTIONS = 5;
/** Pages of one guest that hold a content which it has copied. */
const COPIES = 4;
/** Of the fleet's guests, who have the most popular content of those that are not of a group. */
const MOST_POPULAR_PART = 0.2;
/** Of a guest's popular pages, those that hold another content from one moment to the next. */
const CHANGED_PART = 0.03;
const RANGE = 2 ** 32;

export class MadeUpFleet {
  readonly guests: number;
  /** Of each guest, from its first page on: zeroes end, the restless ones end, the heap begins. */
  readonly zeroesEnd: number;
  readonly restlessEnd: number;
  readonly heapFrom: number;
  /** How many pages of each guest are in the sample, those of zeroes apart. */
  readonly sampledPages: number;
  readonly families: Families;
  private readonly contents: Contents;
  private readonly copied: number;
  /** Each popular page of a guest holds one of so many contents: the same number for all guests. */
  private readonly popular: readonly number[];
  private readonly key: number;

  constructor(readonly fleet: Fleet) {
    const { seed, hosts, guestsAHost, pages, sample, families } = fleet;
    this.guests = hosts * guestsAHost;
    this.zeroesEnd = Math.round(pages * ZERO_PART);
    this.restlessEnd = this.zeroesEnd + Math.round(pages * RESTLESS_PART);
    this.heapFrom = pages - Math.round(pages * HEAP_PART);
    this.sampledPages = Math.round((pages - this.restlessEnd) / sample);
    this.families = new Families(families, hosts, guestsAHost, seed);
    this.contents = new Contents(seed, sample);
    this.copied = Math.round(this.sampledPages * COPIED_PART);
    const rounds = Math.round(this.sampledPages * POPULAR_PART);
    // As many pages for each doubling: contents of twice the popularity are a quarter as many.
    const most = Math.max(2, this.guests * MOST_POPULAR_PART);
    this.popular = Array.from({ length: rounds }, (_, round) =>
      Math.ceil(this.guests / (2 * (most / 2) ** ((round + 0.5) / rounds))),
    );
    this.key = mixed(mixed(seed) + 1);
  }

  /** Guests are numbered through the fleet: a host's come one after the other. */
  guestsOf(host: number): number[] {
    const { guestsAHost } = this.fleet;
    return Array.from({ length: guestsAHost }, (_, index) => host * guestsAHost + index);
  }

  familyOf(guest: number): number {
    return this.families.of(guest);
  }

  distributionOf(guest: number): number {
    return this.familyOf(guest) % DISTRIBUTIONS;
  }

  /** Tells distribution, family and guest. */
  nameOf(guest: number): string {
    const family = String(this.familyOf(guest)).padStart(2, '0');
    const number = String(guest).padStart(5, '0');
    return `os${this.distributionOf(guest)}-role${family}-${number}`;
  }

  /** At a moment: from one to the next, a few of its popular pages change. */
  sampledOf(guest: number, moment = 0): SampledPages {
    const { sampledPages, heapFrom } = this;
    const key = mixed(this.key + guest);
    const pages = this.placesOf(key);
    const inHeap = pages.findIndex((page) => page >= heapFrom);
    // What is its own comes last, and stays where it is in the heap.
    const places = shuffled(inHeap === -1 ? sampledPages : inHeap, key);
    const fingerprints = Buffer.alloc(sampledPages * FINGERPRINT_BYTES);
    let made = 0;
    const put = (owner: number, number: number): void => {
      this.contents.write(owner, number, fingerprints, places[made] ?? made);
      made++;
    };
    for (const { owner, contents, chance } of this.poolsOf(guest)) {
      const ofPool = mixed(key + owner);
      const least = chance * RANGE;
      for (let number = 0; number < contents; number++)
        if (mixed(ofPool + number) < least) put(owner, number);
    }
    this.popular.forEach((choice, round) => {
      const since = lastChange(key, round, moment);
      const number = Math.floor((mixed(mixed(key ^ since) + round) / RANGE) * choice);
      put(this.ownerOfRound(round), number);
    });
    const owner = this.ownerOf(guest);
    for (let copy = 0; copy < this.copied; copy++) put(owner, Math.floor(copy / COPIES));
    while (made < sampledPages) put(owner, made);
    return { pages, fingerprints };
  }

  /** By fingerprint in hex, on how many pages a guest has it. */
  contentsOf(guest: number, moment = 0): Map<string, number> {
    const { fingerprints } = this.sampledOf(guest, moment);
    const contents = new Map<string, number>();
    for (let at = 0; at < fingerprints.length; at += FINGERPRINT_BYTES) {
      const content = fingerprints.toString('hex', at, at + FINGERPRINT_BYTES);
      contents.set(content, (contents.get(content) ?? 0) + 1);
    }
    return contents;
  }

  /** How many contents of the sample two guests may be expected to share, zeroes apart. */
  expectedShared(one: number, other: number): number {
    const owners = new Map(this.poolsOf(other).map((pool) => [pool.owner, pool]));
    const ofGroups = this.poolsOf(one)
      .filter(({ owner }) => owners.has(owner))
      .reduce((sum, { contents, chance }) => sum + contents * chance ** 2, 0);
    return this.popular.reduce((sum, choice) => sum + 1 / choice, ofGroups);
  }

  /** How many contents of the sample the whole fleet may be expected to have, zeroes apart. */
  expectedContents(): number {
    const { guests, popular, copied, sampledPages } = this;
    const pools = new Map<number, Pool & { members: number }>();
    let own = 0;
    for (let guest = 0; guest < guests; guest++) {
      own += sampledPages - copied + Math.ceil(copied / COPIES) - popular.length;
      for (const pool of this.poolsOf(guest)) {
        own -= pool.contents * pool.chance;
        const members = (pools.get(pool.owner)?.members ?? 0) + 1;
        pools.set(pool.owner, { ...pool, members });
      }
    }
    const ofGroups = [...pools.values()].reduce(
      (sum, { contents, chance, members }) => sum + contents * (1 - (1 - chance) ** members),
      0,
    );
    const popularOnes = popular.reduce(
      (sum, choice) => sum + choice * (1 - (1 - 1 / choice) ** guests),
      0,
    );
    return own + ofGroups + popularOnes;
  }

  /** One page of each stretch as long as one page in the sample has, at a place left to chance. */
  private placesOf(key: number): Uint32Array {
    const { sampledPages, restlessEnd, fleet } = this;
    const rest = fleet.pages - restlessEnd;
    const pages = new Uint32Array(sampledPages);
    let from = 0;
    for (let index = 0; index < sampledPages; index++) {
      const to = Math.floor(((index + 1) * rest) / sampledPages);
      pages[index] = restlessEnd + from + (mixed(key - index) % (to - from));
      from = to;
    }
    return pages;
  }

  private poolsOf(guest: number): Pool[] {
    const pool = (owner: number, { part, chance }: { part: number; chance: number }): Pool => ({
      owner,
      contents: Math.round((this.sampledPages * part) / chance),
      chance,
    });
    return [
      pool(0, UBIQUITOUS),
      pool(1 + this.distributionOf(guest), OF_DISTRIBUTION),
      pool(1 + DISTRIBUTIONS + this.familyOf(guest), OF_FAMILY),
    ];
  }

  private ownerOfRound(round: number): number {
    return 1 + DISTRIBUTIONS + this.fleet.families + round;
  }

  private ownerOf(guest: number): number {
    return this.ownerOfRound(this.popular.length) + guest;
  }
}

/** The last moment, up to this one, at which a guest's page came to hold another content. */
function lastChange(key: number, round: number, moment: number): number {
  let last = moment;
  while (last > 0 && mixed(mixed(key + last) + round) >= CHANGED_PART * RANGE) last--;
  return last;
}
