/**
 * All pages, told apart by something else than their state: how many pages map their frame, whether
 * they hold zeroes, their age in smart scan, or whom a guest shares them with.
 *
 * Looks at every page, while all threads go on: the reads are plain, of aligned words, and what is
 * found was true a moment ago. There are 15 classes at most.
 */
import {
  CTL_FRAMES,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  RMAP_AGE_MASK,
  RMAP_FLAGS,
  RMAP_IN_USE,
  SLOT_WORDS,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Host } from '../ksm/host.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import type { PageClassing, PageClassKind } from '../names.js';
import { unchanged } from './unchanged.js';

const ZERO_FRAME = 0;
/** The first of each class of frames by how many pages map them. */
const SHARERS_FROM = [1, 2, 3, 5, 17, 65, 257];
/** The first of each class of ages: smart scan leaves out more from 3, 6 and 9 on. */
const AGES_FROM = [0, 3, 6, 9, 64, 255];
/** Partners of a guest that have a class of their own. */
const MOST_PARTNERS = 5;

/** The classes of pages that have no frame, in each of these: 1 is that of the zero page. */
const UNTOUCHED = 0;
const ZERO = 1;

export interface PageClass {
  readonly kind: PageClassKind;
  /** Of what is counted, both included; without `most` there is no end. */
  readonly least?: number;
  readonly most?: number;
  readonly guest?: string;
}

export interface PageClasses {
  readonly classes: readonly PageClass[];
  /** By slot, from the first on: a place in classes. */
  readonly values: Uint8Array;
  /** How many pages are of each. */
  readonly pages: readonly number[];
}

/** The class of a slot's page, which is present. */
type ClassOf = (slot: number, frame: number) => number;

interface Classing {
  readonly classes: readonly PageClass[];
  /** Of a guest's pages. */
  readonly classOf: (guest: string) => ClassOf;
}

/**
 * `about`: the guest that `by` guest is about. Undefined if guests or regions change meanwhile;
 * ENOENT if there is no such guest, EINVAL if one is needed.
 */
export function* takePageClasses(
  host: Host,
  by: PageClassing,
  about?: string,
): LongWork<PageClasses | undefined> {
  const guests = host.guests.names();
  const isUnchanged = unchanged(host, ...guests);
  const classing = yield* classingOf(host, by, about, isUnchanged);
  const values = new Uint8Array(slotsOf(host));
  const pages = new Array<number>(classing.classes.length).fill(0);
  const { i32, slotTable } = host.machine.memory;
  for (const guest of guests) {
    const classOf = classing.classOf(guest);
    const isDone = yield* eachPage(host, guest, isUnchanged, (slot) => {
      const pte = i32[slot + PTE_STATE];
      const isPresent = (pte & PTE_PRESENT) !== 0;
      const absent = (pte & PTE_ZERO) === 0 ? UNTOUCHED : ZERO;
      const value = isPresent ? classOf(slot, i32[slot + PTE_FRAME]) : absent;
      values[(slot - slotTable) / SLOT_WORDS] = value;
      pages[value] = (pages[value] ?? 0) + 1;
    });
    if (!isDone) return undefined;
  }
  return { classes: classing.classes, values, pages };
}

/** Every page of a guest; false if guests or regions have changed before all were seen. */
function* eachPage(
  host: Host,
  guest: string,
  isUnchanged: () => boolean,
  see: (slot: number) => void,
): LongWork<boolean> {
  if (!isUnchanged()) return false;
  for (const { name, pages } of host.guests.regionsOf(guest)) {
    const first = host.guests.firstSlot(guest, name);
    for (let page = 0; page < pages; page++) {
      if (page % PAGES_A_STEP === 0) {
        yield;
        if (!isUnchanged()) return false;
      }
      see(first + page * SLOT_WORDS);
    }
  }
  return true;
}

/** How many slots there are up to the last page of a guest. */
function slotsOf(host: Host): number {
  const { slotTable } = host.machine.memory;
  let end = 0;
  for (const guest of host.guests.names())
    for (const { name, pages } of host.guests.regionsOf(guest))
      end = Math.max(end, (host.guests.firstSlot(guest, name) - slotTable) / SLOT_WORDS + pages);
  return end;
}

function* classingOf(
  host: Host,
  by: PageClassing,
  about: string | undefined,
  isUnchanged: () => boolean,
): LongWork<Classing> {
  switch (by) {
    case 'sharers':
      return bySharers(host.machine);
    case 'zeroes':
      return byZeroes(host.machine);
    case 'age':
      return byAge(host.machine);
    case 'guest':
      if (about === undefined)
        throw new KsmdError('EINVAL', 'by=guest is about a guest: say which with guest=NAME');
      return yield* byGuest(host, about, isUnchanged);
  }
}

function bySharers({ frames }: Machine): Classing {
  const firsts = rangesOf('mapped', SHARERS_FROM);
  return {
    classes: [{ kind: 'untouched' }, { kind: 'zero' }, ...firsts],
    classOf: () => (_slot, frame) => 2 + rangeAt(SHARERS_FROM, frames.mapcount(frame)),
  };
}

function byZeroes({ frames, memory: { core, i32 } }: Machine): Classing {
  const [OTHER, MERGED, ZEROES, ZEROES_MERGED] = [2, 3, 4, 5];
  // By frame: 0 where it was not looked into yet. Frames that many map are looked into once.
  const inside = new Uint8Array(i32[CTL_FRAMES]);
  return {
    classes: [
      { kind: 'untouched' },
      { kind: 'zero' },
      { kind: 'other' },
      { kind: 'merged' },
      { kind: 'zeroes' },
      { kind: 'zeroesMerged' },
    ],
    classOf: () => (_slot, frame) => {
      const isZeroes = (inside[frame] || (core.framesEqual(frame, ZERO_FRAME) !== 0 ? 1 : 2)) === 1;
      inside[frame] = isZeroes ? 1 : 2;
      if (frames.isKsm(frame)) return isZeroes ? ZEROES_MERGED : MERGED;
      return isZeroes ? ZEROES : OTHER;
    },
  };
}

function byAge({ frames, memory: { i32 } }: Machine): Classing {
  const [UNKNOWN, FIRST] = [2, 3];
  return {
    // A page that maps the zero page has no age, as any that is merged.
    classes: [
      { kind: 'untouched' },
      { kind: 'merged' },
      { kind: 'unknown' },
      ...rangesOf('age', AGES_FROM),
    ],
    classOf: () => (slot, frame) => {
      if (frames.stableNode(frame) !== 0) return ZERO;
      const flags = i32[slot + RMAP_FLAGS];
      if ((flags & RMAP_IN_USE) === 0) return UNKNOWN;
      return FIRST + rangeAt(AGES_FROM, flags & RMAP_AGE_MASK);
    },
  };
}

/** Frames of `about` that others map too, and those who map most of them. */
function* byGuest(host: Host, about: string, isUnchanged: () => boolean): LongWork<Classing> {
  const { i32 } = host.machine.memory;
  const [APART, ALONE, FIRST] = [2, 3, 4];
  host.guests.pointer(about);
  // By frame: 0 if it is none of the guest's, ALONE if nobody else is known to map it, or the class
  // of the foremost of its partners that do.
  const classes = new Uint8Array(i32[CTL_FRAMES]);
  const frameOf = (slot: number): number =>
    (i32[slot + PTE_STATE] & PTE_PRESENT) === 0 ? ZERO_FRAME : i32[slot + PTE_FRAME];
  yield* eachPage(host, about, isUnchanged, (slot) => {
    classes[frameOf(slot)] = ALONE;
  });
  classes[ZERO_FRAME] = 0;
  const others = host.guests.names().filter((name) => name !== about);
  const partners: { name: string; pages: number }[] = [];
  for (const name of others) {
    let pages = 0;
    yield* eachPage(host, name, isUnchanged, (slot) => {
      if (classes[frameOf(slot)] !== 0) pages++;
    });
    if (pages > 0) partners.push({ name, pages });
  }
  partners.sort((a, b) => b.pages - a.pages);
  const named = partners.slice(0, MOST_PARTNERS).map(({ name }) => name);
  const classFor = (name: string): number => {
    const place = named.indexOf(name);
    return FIRST + (place < 0 ? named.length : place);
  };
  // The foremost come last, so that theirs stands.
  for (const { name } of partners.toReversed()) {
    const own = classFor(name);
    yield* eachPage(host, name, isUnchanged, (slot) => {
      const frame = frameOf(slot);
      if (classes[frame] !== 0) classes[frame] = own;
    });
  }
  return {
    classes: [
      { kind: 'untouched' },
      { kind: 'zero' },
      { kind: 'apart' },
      { kind: 'alone', guest: about },
      ...named.map((guest) => ({ kind: 'partner' as const, guest })),
      ...(partners.length > named.length ? [{ kind: 'partners' as const }] : []),
    ],
    classOf: (guest) => {
      if (guest === about) return (_slot, frame) => classes[frame] || ALONE;
      if (!partners.some(({ name }) => name === guest)) return () => APART;
      const own = classFor(guest);
      return (_slot, frame) => (classes[frame] === 0 ? APART : own);
    },
  };
}

/** A class for each of these, up to before the next. */
function rangesOf(kind: PageClassKind, firsts: readonly number[]): PageClass[] {
  return firsts.map((least, i) => {
    const next = firsts[i + 1];
    return next === undefined ? { kind, least } : { kind, least, most: next - 1 };
  });
}

/** Which of these classes a number is of. */
function rangeAt(firsts: readonly number[], value: number): number {
  let at = 0;
  while (at + 1 < firsts.length && value >= (firsts[at + 1] ?? 0)) at++;
  return at;
}
