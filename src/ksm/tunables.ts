/**
 * Tunables at work: what a write is refused for, as the kernel does it, and what it sets going.
 * What tunables there are is src/ksm/records/tunable-records.ts.
 *
 * `setTunable` is for whoever may touch the trees: the scanner, or the API thread while the scanner
 * is parked. For run=2, max_page_sharing and merge_across_nodes drop stable nodes. Any thread may
 * read.
 */
import {
  CONTROL_END,
  CTL_ADVISOR_MODE,
  CTL_CHAINS_ALWAYS_YIELD,
  CTL_CHECKSUM_FIRST,
  CTL_COLLAPSE_NEEDS_WRITABLE,
  CTL_DONTNEED_FREES_TABLES,
  CTL_MAX_PAGE_SHARING,
  CTL_PAGES_SHARED,
  CTL_REUSE,
  CTL_RUN,
  CTL_SMART_SCAN,
  CTL_SPLIT_FREES_ZEROES,
  NO_SHARING_LIMIT,
  REUSE_EXCLUSIVE,
  REUSE_LAST,
  REUSE_NEVER,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { SharedMemory } from '../machine/memory.js';
import { quoted } from '../printable.js';
import { didYouMean } from '../similar.js';
import { ADVISOR_NONE } from './advisor.js';
import type { KernelProfile } from './kernels.js';
import type { Ksm } from './ksm.js';
import { TUNABLE_NAMES, type TunableName, tunableRecord } from './records/tunable-records.js';
import { RUN_STOP, RUN_UNMERGE } from './run.js';

export type TunableValue = number | string;
/** Values to be written, in this order. */
export type Assignments = readonly (readonly [TunableName, TunableValue])[];

const REUSE = { last: REUSE_LAST, never: REUSE_NEVER, exclusive: REUSE_EXCLUSIVE } as const;

/**
 * A new machine's tunables: the kernel's defaults; what the profile lacks is off or without limit.
 * And what else the core has to know of the profile.
 */
export function initTunables(i32: Int32Array, profile: KernelProfile): void {
  for (const name of TUNABLE_NAMES) {
    const { word, initial } = tunableRecord(name);
    i32[word] = initial | 0;
  }
  if (profile.chains === 'none') i32[CTL_MAX_PAGE_SHARING] = NO_SHARING_LIMIT;
  if (!profile.smartScan) i32[CTL_SMART_SCAN] = 0;
  i32[CTL_CHECKSUM_FIRST] = profile.checksumFirst ? 1 : 0;
  i32[CTL_CHAINS_ALWAYS_YIELD] = profile.chains === 'any' ? 1 : 0;
  i32[CTL_SPLIT_FREES_ZEROES] = profile.splitFreesZeroes ? 1 : 0;
  i32[CTL_DONTNEED_FREES_TABLES] = profile.dontneedFreesTables ? 1 : 0;
  i32[CTL_COLLAPSE_NEEDS_WRITABLE] = profile.collapseNeedsWritable ? 1 : 0;
  i32[CTL_REUSE] = REUSE[profile.hugePageReuse];
}

export function readTunable(memory: SharedMemory, name: TunableName): TunableValue {
  const value = Atomics.load(memory.i32, tunableRecord(name).word) >>> 0;
  return tunableValueNames(name)?.[value] ?? value;
}

/** The names of the values that a tunable takes; undefined where it takes numbers. */
export function tunableValueNames(name: TunableName): readonly string[] | undefined {
  const { takes } = tunableRecord(name);
  return 'names' in takes ? takes.names : undefined;
}

/** The profile's kernel's, and ksmd's own. */
export function tunableNames(profile: KernelProfile): readonly TunableName[] {
  return TUNABLE_NAMES.filter(
    (name) => tunableRecord(name).since === 'ksmd' || profile.tunables.includes(name),
  );
}

/**
 * What a tunable's values are called, or the values themselves, where they are few; none where they
 * are many.
 */
export function tunableChoices(name: TunableName): readonly string[] {
  const { takes } = tunableRecord(name);
  if ('names' in takes) return takes.names;
  const { min, max } = takes;
  return max - min < 3
    ? Array.from({ length: max - min + 1 }, (_, index) => String(min + index))
    : [];
}

/** What it takes, as text. */
export function tunableRange(name: TunableName): string {
  const { takes } = tunableRecord(name);
  return 'names' in takes ? takes.names.join(' or ') : `${takes.min} to ${takes.max}`;
}

/** The tunable of that name. ENOENT if the profile has none. */
export function tunableName(profile: KernelProfile, name: string): TunableName {
  const names = tunableNames(profile);
  const known = names.find((tunable) => tunable === name);
  if (known === undefined)
    throw new KsmdError(
      'ENOENT',
      `no tunable ${quoted(name)}: with Linux ${profile.name} there are ${names.join(', ')}` +
        didYouMean(name, names),
    );
  return known;
}

/**
 * The tunables that a new machine is to begin with, written in this order. ENOENT if the profile
 * lacks one; EINVAL, EBUSY if they would be refused.
 */
export function firstTunables(
  profile: KernelProfile,
  values: readonly (readonly [string, TunableValue])[],
): Assignments {
  const known = values.map(([name, value]) => [tunableName(profile, name), value] as const);
  const i32 = new Int32Array(CONTROL_END);
  initTunables(i32, profile);
  checkTunables(i32, known);
  return known;
}

/**
 * Refuses what the kernel refuses of these values, written in this order, and changes nothing:
 * EINVAL, EBUSY. What is left to go wrong is that an unmerge runs out of frames.
 */
export function checkTunables(i32: Int32Array, values: Assignments): void {
  let advisorMode = i32[CTL_ADVISOR_MODE];
  let pagesShared = i32[CTL_PAGES_SHARED];
  for (const [name, value] of values) {
    const number = checkedNumber(name, value);
    if (name === 'advisor_mode') advisorMode = number;
    if (name === 'run' && number === RUN_UNMERGE) pagesShared = 0;
    if (name === 'pages_to_scan' && advisorMode !== ADVISOR_NONE) {
      throw new KsmdError(
        'EINVAL',
        'pages_to_scan is chosen by the advisor: set advisor_mode to none first',
      );
    }
    if (
      (name === 'max_page_sharing' || name === 'merge_across_nodes') &&
      i32[tunableRecord(name).word] !== number &&
      pagesShared > 0
    ) {
      throw new KsmdError(
        'EBUSY',
        `${name} cannot change while pages are shared: set run to 2 first`,
      );
    }
  }
}

/**
 * Writes a tunable, with all that this sets going. Refuses what the kernel refuses: EINVAL,
 * EBUSY.
 */
export function setTunable(ksm: Ksm, name: TunableName, value: TunableValue): void {
  const { i32 } = ksm.machine.memory;
  checkTunables(i32, [[name, value]]);
  const { word } = tunableRecord(name);
  const number = checkedNumber(name, value);
  switch (name) {
    case 'run':
      setRun(ksm, number);
      return;
    case 'advisor_mode':
      ksm.advisor.setMode(number);
      return;
    case 'pace':
      Atomics.store(i32, word, number);
      ksm.advisor.clockIsAnother();
      return;
    case 'max_page_sharing':
    case 'merge_across_nodes':
      if (i32[word] !== number && ksm.machine.memory.core.stableRemoveStale() === 0)
        throw new KsmdError('EBUSY', `${name} cannot change while a merged page is still mapped`);
      break;
  }
  Atomics.store(i32, word, number | 0);
}

/** The number a value stands for. EINVAL if it is none, or out of range. */
function checkedNumber(name: TunableName, value: TunableValue): number {
  const { takes } = tunableRecord(name);
  const names = 'names' in takes ? takes.names : undefined;
  const [min, max] = 'names' in takes ? [0, takes.names.length - 1] : [takes.min, takes.max];
  const number = toNumber(value, names);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  const range = tunableRange(name);
  throw new KsmdError(
    'EINVAL',
    `${name} takes ${names === undefined ? `whole numbers from ${range}` : range}, ` +
      `not ${plain(value)}`,
  );
}

/** A value as it may stand in a sentence. */
function plain(value: TunableValue): string {
  const text = String(value).trimEnd();
  return /^[\x21-\x7e]{1,40}$/.test(text) ? text : JSON.stringify(text.slice(0, 40));
}

function toNumber(value: TunableValue, names: readonly string[] | undefined): number {
  if (typeof value === 'number') return value;
  if (names !== undefined) return names.indexOf(value);
  return /^\d+\n?$/.test(value) ? Number(value) : Number.NaN;
}

function setRun(ksm: Ksm, run: number): void {
  const { i32 } = ksm.machine.memory;
  if (i32[CTL_RUN] === run) return;
  Atomics.store(i32, CTL_RUN, run);
  if (run !== RUN_UNMERGE) return;
  try {
    ksm.unmergeAll();
  } catch (error) {
    Atomics.store(i32, CTL_RUN, RUN_STOP);
    throw error;
  }
}
